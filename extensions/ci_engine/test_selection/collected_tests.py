"""Which files hold tests, and which belong to them, such as conftest files."""

from __future__ import annotations

from ci_engine.test_selection.pytest_settings import PytestSettings
from ci_engine.test_selection.repository_files import Files, is_below, parent

__all__ = ["find_tests"]

_PROJECT_FILES = ("/pyproject.toml", "/setup.cfg", "/setup.py", ".ini")


def find_tests(
    files: Files, pytest: PytestSettings, test_paths: frozenset[str]
) -> tuple[frozenset[str], list[str]]:
    """Find the tests by their names and by the settings of pytest.

    Returns:
        The files in which pytest looks for tests; these, and what belongs to them.
    """
    collected = _collected(files, pytest, test_paths)
    tests = frozenset(
        name
        for name in files.python
        if (pytest.doctests or pytest.is_test_file(name)) and is_below(name, collected)
    )
    inside = test_paths - {""}
    area = [
        name
        for name in files.python
        if name in tests or name.endswith("conftest.py") or is_below(name, inside)
    ]
    return tests, area


def _collected(
    files: Files, pytest: PytestSettings, test_paths: frozenset[str]
) -> frozenset[str]:
    """Where pytest looks for tests, the top if it may look anywhere."""
    known = files.directories | files.names
    if not pytest.nowhere_else or known.isdisjoint(pytest.test_paths):
        return frozenset({""})
    # Projects inside have their own tests.
    projects = {parent(n) for n in files.names if n.endswith(_PROJECT_FILES)} - {""}
    return test_paths | projects
