"""Which files hold tests, and which belong to them, such as conftest files."""

from __future__ import annotations

from dataclasses import dataclass

from ci_engine.test_selection.pytest_settings import PytestSettings
from ci_engine.test_selection.repository_files import Files, is_below, parent

__all__ = ["CollectedTests", "find_tests"]

_PROJECT_FILES = ("/pyproject.toml", "/setup.cfg", "/setup.py", ".ini")


@dataclass(frozen=True)
class CollectedTests:
    """The tests of a repository.

    Attributes:
        tests: the files in which pytest looks for tests.
        files: these, and the Python files that belong to them.
        locations: the directories of code and tests.
    """

    tests: frozenset[str]
    files: list[str]
    locations: frozenset[str]


def find_tests(
    files: Files,
    pytest: PytestSettings,
    source_paths: frozenset[str],
    test_paths: frozenset[str],
) -> CollectedTests:
    """Find the tests by their names and by the settings of pytest."""
    test_paths = test_paths.union(pytest.test_paths)
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
    return CollectedTests(tests, area, source_paths | test_paths)


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
