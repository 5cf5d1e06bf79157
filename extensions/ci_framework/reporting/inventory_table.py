"""Print an inventory: as tables, or as plain lines without a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ci_framework.inventory import Evidence, Inventory, Value
from ci_framework.reporting.folding import shorten
from ci_framework.reporting.screen import printable

_Row = tuple[str, ...]
# What fits beside the other columns; the rest is counted.
_MOST_PLACES = 2
_LONGEST = 72


def print_inventory(inventory: Inventory, console: Console) -> None:
    """Print the whole inventory, section by section."""
    commit = inventory.commit[:12] or "no commit"
    console.print(f"{inventory.files} files at {commit}", highlight=False)
    sections: list[tuple[str, Sequence[str], Iterable[_Row]]] = [
        ("Facts", ("fact", "value", "sure", "because", "where"), _facts(inventory)),
        ("Tools", ("tool", "configured in", "not read", "used in"), _tools(inventory)),
        ("Tasks", ("task", "runner", "does", "command", "where"), _tasks(inventory)),
        ("Workflows", ("job", "workflow", "does", "where"), _jobs(inventory)),
        (
            "Hooks",
            ("hook", "repository", "revision", "does", "where"),
            _hooks(inventory),
        ),
        ("Other pipelines", ("file", "system", "because"), _pipelines(inventory)),
        ("Left alone", ("file", "because"), _unreadable(inventory)),
    ]
    for title, columns, rows in sections:
        _print(console, title, columns, list(rows))


def _print(
    console: Console, title: str, columns: Sequence[str], rows: list[_Row]
) -> None:
    if not rows:
        return
    if not console.is_terminal:
        # For programs and logs: one line per row, never wrapped.
        console.print(f"\n{title}", highlight=False, markup=False)
        for row in rows:
            line = "  ".join(cell for cell in row if cell)
            console.print(printable(f"  {line}"), soft_wrap=True)
        return
    table = Table(title=escape(title), title_justify="left", expand=True)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(printable(cell) for cell in row))
    console.print(table)


def _facts(inventory: Inventory) -> Iterable[_Row]:
    for fact in inventory.facts:
        where = _locations(fact.evidence)
        yield fact.name, _value(fact.value), fact.confidence, fact.because, where


def _tools(inventory: Inventory) -> Iterable[_Row]:
    for tool in inventory.tools:
        name = f"{tool.name} {tool.version}".strip()
        config = tool.config.shown if tool.config else "its defaults"
        yield name, config, _locations(tool.shadowed), _locations(tool.used)


def _tasks(inventory: Inventory) -> Iterable[_Row]:
    for task in inventory.tasks:
        command = _short(task.command.replace("\n", " ; "))
        does = ", ".join(task.does)
        yield task.name, task.runner, does, command, task.evidence.shown


def _jobs(inventory: Inventory) -> Iterable[_Row]:
    for workflow in inventory.workflows:
        if workflow.problem:
            yield "", workflow.path, f"rejected by GitHub: {workflow.problem}", ""
        for job in workflow.jobs:
            does = dict.fromkeys(word for step in job.steps for word in step.does)
            purposes = job.uses or ", ".join(does)
            where = workflow.at(job.line).shown
            yield job.id, workflow.name, purposes, where


def _hooks(inventory: Inventory) -> Iterable[_Row]:
    for hook in inventory.hooks:
        does = ", ".join(hook.does)
        where = hook.evidence.shown
        yield hook.name or hook.id, hook.repository, hook.revision, does, where


def _pipelines(inventory: Inventory) -> Iterable[_Row]:
    for pipeline in inventory.pipelines:
        yield pipeline.path, pipeline.system, pipeline.because


def _unreadable(inventory: Inventory) -> Iterable[_Row]:
    for item in inventory.unreadable:
        yield Evidence(path=item.path, line=item.line).shown, item.reason


def _value(value: Value) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value) or "-"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {inner}" for name, inner in value.items()) or "-"
    return str(value)


def _locations(locations: Sequence[Evidence]) -> str:
    return shorten([location.shown for location in locations], _MOST_PLACES)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
