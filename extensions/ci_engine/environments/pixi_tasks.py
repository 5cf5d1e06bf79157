"""The project's own pixi tasks for checks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from ci_engine.configuration.reading import Table, read_text
from ci_engine.configuration.tables import dig, one_or_several, table
from ci_engine.environments.empty_commands import never_fails
from ci_engine.project.repository import Project

# The tasks whose verdict counts for a check, in the organization's vocabulary.
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


class OwnTask(msgspec.Struct, frozen=True):
    """A task of the project's own.

    Attributes:
        name: the name for ``pixi run``.
        trusted: whether its exit code is a verdict.
    """

    name: str
    trusted: bool


def own_task(project: Project, check: str) -> OwnTask | None:
    """Find the project's own task for a check, None if there is none.

    Tasks in the framework's block do not count: the engine runs the same tools itself
    and reads their output.
    """
    name = _TASKS.get(check)
    if name is None or project.manager != "pixi":
        return None
    tasks = dict(_tasks(project.pixi))
    if not (project.root / "pixi.toml").is_file():
        for framework in _framework_tasks(project.root / "pyproject.toml"):
            tasks.pop(framework, None)
    if name not in tasks:
        return None
    return OwnTask(name, not never_fails(_command(tasks[name])))


def _tasks(pixi: Table) -> Iterator[tuple[str, object]]:
    """The tasks of the workspace and of its features."""
    for feature in table(pixi, "feature").values():
        yield from table(feature, "tasks").items()
    yield from table(pixi, "tasks").items()


def _framework_tasks(path: Path) -> list[str]:
    """The names of the tasks in the framework's block."""
    block = _BLOCK.search(read_text(path)) if path.is_file() else None
    if block is None:
        return []
    document = msgspec.toml.decode(block.group(1), type=Table)
    return list(dict(_tasks(table(document, "tool", "pixi"))))


def _command(task: object) -> str:
    """The command of a task: a string, a list of arguments, or a table with ``cmd``."""
    command = dig(task, "cmd") or ("" if table(task) else task)
    return " ".join(str(word) for word in one_or_several(command) if word)
