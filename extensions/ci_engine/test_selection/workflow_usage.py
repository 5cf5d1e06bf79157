"""Which files of the CI run the tests, so that a change of them reaches every test."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping

from ci_engine.test_selection.repository_files import Files

__all__ = ["runs_tests"]

_WORKFLOWS = ".github/workflows/"
_ACTIONS = ".github/actions/"
# What a workflow that runs the tests of this engine cannot do without. Those that run
# tests on their own do so whatever is decided here.
_SIGNS = re.compile(rb"quality-gates|change-detection|ci-framework/(?:ci\b|scripts/)")
_USED = re.compile(rb"\./(\.github/(?:workflows|actions)/[\w./-]+)")


def runs_tests(
    path: str, files: Files, variables: Mapping[str, str] = os.environ
) -> bool:
    """Whether a changed file of the CI may change how the engine runs the tests.

    A workflow does that runs the engine, is running now, or is used by one that does;
    so does an action that one of them uses. A workflow that is gone runs nothing.
    """
    if not path.startswith((_WORKFLOWS, _ACTIONS)):
        return True
    folder = _folder(path)
    return any(folder == _folder(name) for name in _running(files, variables))


def _running(files: Files, variables: Mapping[str, str]) -> set[str]:
    """The workflows that run the engine, and everything that they use."""
    current = variables.get("GITHUB_WORKFLOW_REF", "").partition("@")[0]
    todo = [
        name
        for name in files.names
        if name.startswith(_WORKFLOWS)
        and (current.endswith(f"/{name}") or _SIGNS.search(files.read(name)))
    ]
    found: set[str] = set()
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += _used(name, files)
    return found


def _used(name: str, files: Files) -> Iterator[str]:
    """The files that a workflow or an action uses."""
    for match in _USED.finditer(files.read(name)):
        used = match.group(1).decode().rstrip("/")
        if used in files.names:
            yield used
        for file in ("action.yml", "action.yaml"):
            if f"{used}/{file}" in files.names:
                yield f"{used}/{file}"


def _folder(path: str) -> str:
    """A workflow is a file, an action is a directory."""
    parts = path.split("/")
    return path if path.startswith(_WORKFLOWS) else "/".join(parts[:3])
