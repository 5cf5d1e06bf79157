"""Find out which tools a project runs, in workflows, tasks, scripts and hooks."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from ci_engine.configuration.reading import Table
from ci_engine.configuration.tables import table
from ci_framework.inventory import Inventory, steps_of
from ci_framework.repository import Repository


def runs(repository: Repository, inventory: Inventory, tool: str) -> bool:
    """Whether a workflow, a task, a script or a hook of the project runs a tool."""
    hooked = any(hook.id.startswith(tool) for hook in inventory.hooks)
    return hooked or calls(repository, inventory, tool)


def calls(repository: Repository, inventory: Inventory, tool: str) -> bool:
    """Whether a workflow, a task or a script of package.json runs a tool."""
    word = re.compile(rf"(?<![\w./-]){re.escape(tool)}(?![\w-])")
    return any(
        step.kind == "run" and word.search(step.text)
        for _, _, step in steps_of(inventory.workflows)
    ) or any(
        word.search(command)
        for command in (
            *(task.command for task in inventory.tasks),
            *_node(repository),
        )
    )


def _node(repository: Repository) -> Iterator[str]:
    """The scripts of package.json, which the analysis reads for Python only."""
    content = (repository.blob("package.json") or b"").decode("utf-8", "replace")
    try:
        package = msgspec.json.decode(content, type=Table)
    except msgspec.DecodeError:
        return
    yield from map(str, table(package, "scripts").values())
