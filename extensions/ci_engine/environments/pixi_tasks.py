"""The pixi tasks that a project has of its own, for the checks they stand for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import msgspec

from ci_engine.configuration.reading import Table, as_table, read_text, read_toml
from ci_engine.project.repository import Project

__all__ = ["OwnTask", "own_task"]

# Which task gives the verdict of which check, in the organization's vocabulary.
_TASKS: Mapping[str, str] = {
    "lint": "lint",
    "format": "format-check",
    "typecheck": "typecheck",
    "test": "test",
}
_BLOCK = re.compile(
    r"^# >>> ci-framework >>>\r?$(.*?)^# <<< ci-framework <<<\r?$",
    re.MULTILINE | re.DOTALL,
)
# Ways to end well whatever happened: such a task gives no verdict.
_SWALLOWS = re.compile(r"\|\|\s*(true|echo|:|exit 0)|;\s*(true|exit 0)\s*$")


class OwnTask(msgspec.Struct, frozen=True):
    """A task of the project's own.

    Attributes:
        name: what ``pixi run`` calls it.
        trusted: whether its exit code says how it went.
    """

    name: str
    trusted: bool


def own_task(project: Project, check: str) -> OwnTask | None:
    """Find the project's own task for a check, None if it has none.

    Tasks in the framework's block are the framework's: what they run, the engine
    runs itself, and reads the output.
    """
    name = _TASKS.get(check)
    if name is None or project.manager != "pixi":
        return None
    manifest = project.root / "pixi.toml"
    if manifest.is_file():
        tasks = dict(_tasks(read_toml(manifest)))
    else:
        tasks = dict(
            _tasks(as_table(as_table(project.pyproject.get("tool")).get("pixi")))
        )
        for framework in _framework_tasks(project.root / "pyproject.toml"):
            tasks.pop(framework, None)
    if name not in tasks:
        return None
    return OwnTask(name, not _SWALLOWS.search(_command(tasks[name])))


def _tasks(pixi: Table) -> Iterator[tuple[str, object]]:
    """The tasks of the workspace and of its features."""
    for feature in as_table(pixi.get("feature")).values():
        yield from as_table(as_table(feature).get("tasks")).items()
    yield from as_table(pixi.get("tasks")).items()


def _framework_tasks(path: Path) -> list[str]:
    """The names of the tasks in the framework's block."""
    block = _BLOCK.search(read_text(path)) if path.is_file() else None
    if block is None:
        return []
    document = msgspec.toml.decode(block.group(1), type=Table)
    return list(dict(_tasks(as_table(as_table(document.get("tool")).get("pixi")))))


def _command(task: object) -> str:
    """The text of a task: a string, a list of words, or a table with ``cmd``."""
    table = as_table(task)
    command = table.get("cmd") if table else task
    if isinstance(command, list):
        return " ".join(str(word) for word in cast("list[object]", command))
    return command if isinstance(command, str) else ""
