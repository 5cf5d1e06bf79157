"""Print a plan: decisions, changes with reasons, differences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ci_framework.planning.plan import Capability, Operation, Plan
from ci_framework.reporting.first_day import TITLE, first_day_lines
from ci_framework.reporting.folding import (
    DECISIONS,
    fold_answers,
    fold_operations,
    shorten,
)
from ci_framework.reporting.screen import make_table, printable

_STYLES = {
    "create": "green",
    "insert-block": "cyan",
    "set-leaf": "cyan",
    "retire": "bold red",
    "keep": "dim",
    "manual": "yellow",
}
_STATES = {"covered": "green", "kept": "cyan", "manual": "bold yellow"}
_MOST_PATCH_LINES = 200


def print_plan(plan: Plan, console: Console, *, whole: bool = False) -> None:
    """Print a plan: decisions, operations, answers, capabilities, differences.

    Prints all capabilities, or only those that need a person.
    """
    if not plan.operations:
        console.print("Nothing to do: the repository is adopted, and nothing drifted.")
        return
    first = first_day_lines(plan.always_red)
    if first:
        console.print(Text(TITLE, style="bold"))
        for text, command in first:
            line = f"  {text} {command}".rstrip()
            console.print(printable(line), soft_wrap=True)
        console.print()
    decisions = [item for item in plan.operations if item.kind in DECISIONS]
    others = [item for item in plan.operations if item.kind not in DECISIONS]
    if decisions:
        console.print(_operations("For you to decide", decisions))
    print_capabilities(plan.capabilities, console, whole=whole)
    if others:
        console.print(_operations("\nWhat is done", others))
    answers, defaults = fold_answers(plan)
    console.print(make_table("\nAnswers", ("answer", "value", "why"), answers))
    if defaults:
        console.print(printable(f"defaults: {', '.join(defaults)}"))
    for operation in plan.operations:
        if operation.patch and operation.kind != "retire":
            console.print(_patch(operation))
    console.print(
        printable(
            f"\nPlan {plan.hash}: {plan.summary}; template {plan.template.source} at "
            f"{plan.template.commit}"
        )
    )


def print_capabilities(
    capabilities: Sequence[Capability], console: Console, *, whole: bool = True
) -> None:
    """Print capabilities and their numbers; nothing if there are none.

    Prints all of them, or only those that need a person.
    """
    if not capabilities:
        return
    columns = ("state", "where", "job", "step", "does", "by", "why")
    rows = [
        (
            Text(item.state, style=_STATES[item.state]),
            f"{_short(item.workflow)}:{item.line}",
            item.job,
            item.step,
            item.does,
            _short(item.by),
            item.because,
        )
        for item in capabilities
        if whole or item.state == "manual"
    ]
    if rows:
        console.print(make_table("\nWhat happens to the existing CI", columns, rows))
    counted: Counter[str] = Counter(item.state for item in capabilities)
    numbers = ", ".join(f"{counted[state]} {state}" for state in _STATES)
    hint = "" if whole else " (all of them: ci-framework plan --capabilities)"
    console.print(f"The existing CI has {len(capabilities)} parts: {numbers}{hint}")


def _operations(title: str, operations: Iterable[Operation]) -> Table:
    """The operations; those that only differ in their file share a row."""
    rows: list[tuple[str | Text, ...]] = []
    for item, paths in fold_operations(operations):
        files = shorten(paths)
        if len(paths) > 1:
            files = f"{len(paths)} files: {files}"
        kind = Text(item.kind, style=_STYLES[item.kind])
        rows.append((kind, files, item.risk, item.reason))
    return make_table(title, ("operation", "file", "risk", "why"), rows)


def _short(path: str) -> str:
    return path.removeprefix(".github/workflows/")


def _patch(operation: Operation) -> Text:
    lines = operation.patch.splitlines()
    title = (
        "\n" if operation.kind != "manual" else "\nNot applied, for you to decide:\n"
    )
    text = Text(title)
    for line in lines[:_MOST_PATCH_LINES]:
        style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
        text.append(printable(line).plain + "\n", style=style)
    if len(lines) > _MOST_PATCH_LINES:
        text.append(f"... {len(lines) - _MOST_PATCH_LINES} more lines\n")
    return text
