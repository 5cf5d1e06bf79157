"""Find the workflows and actions that run the engine, and so the tests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ci_engine.test_selection.repository_files import Files

_WORKFLOWS = ".github/workflows/"
_ACTIONS = ".github/actions/"
# Texts in every workflow that runs tests with this engine. Other workflows run their
# own tests regardless of the decision.
_SIGNS = re.compile(rb"quality-gates|change-detection|ci-framework/(?:ci\b|scripts/)")
_USED = re.compile(rb"\./(\.github/(?:workflows|actions)/[\w./-]+)")


def is_unrelated_workflow(path: str, related: frozenset[str]) -> bool:
    """Whether a file belongs to a workflow or action that the tests do not use."""
    return path.startswith((_WORKFLOWS, _ACTIONS)) and _unit(path) not in related


def find_engine_workflows(files: Files, variables: Mapping[str, str]) -> frozenset[str]:
    """The workflows that run the engine, and everything that they use.

    A workflow runs the engine if it contains one of these texts, is running now, or is
    used by one that does; so does an action that one of them uses. Deleted workflows
    run nothing.
    """
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
    return frozenset(map(_unit, found))


def _used(name: str, files: Files) -> Iterator[str]:
    """The files that a workflow or an action uses."""
    for match in _USED.finditer(files.read(name)):
        used = match.group(1).decode().rstrip("/")
        if used in files.names:
            yield used
        for file in ("action.yml", "action.yaml"):
            if f"{used}/{file}" in files.names:
                yield f"{used}/{file}"


def _unit(path: str) -> str:
    """The unit of a file: a workflow, or the directory of an action."""
    parts = path.split("/")
    return path if path.startswith(_WORKFLOWS) else "/".join(parts[:3])
