"""A plan for a person: what is done and why, the answers, the differences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ci_framework.planning.plan import Operation, Plan
from ci_framework.reporting.capability_table import print_capabilities
from ci_framework.reporting.screen import printable

__all__ = ["print_plan"]

_STYLES = {
    "create": "green",
    "insert-block": "cyan",
    "set-leaf": "cyan",
    "retire": "bold red",
    "keep": "dim",
    "manual": "yellow",
}
# The framework's own directories: their files are told as a number.
_TREES = ("ci-framework/", ".github/actions/")
_MOST_PATCH_LINES = 200


def print_plan(plan: Plan, console: Console, *, whole: bool = False) -> None:
    """Print a plan: operations, answers with their reasons, capabilities, diffs.

    Args:
        plan: the plan.
        console: where to.
        whole: whether every capability is shown, not only what needs a person.
    """
    if not plan.operations:
        console.print("Nothing to do: the repository is adopted, and nothing drifted.")
        return
    console.print(_operations(plan.operations))
    console.print(_answers(plan))
    print_capabilities(plan.capabilities, console, whole=whole)
    for operation in plan.operations:
        if operation.patch and operation.kind != "retire":
            console.print(_patch(operation))
    console.print(
        printable(
            f"\nPlan {plan.hash}: {plan.summary}; template {plan.template.source} at "
            f"{plan.template.commit}"
        )
    )


def _operations(operations: Iterable[Operation]) -> Table:
    table = Table(
        title="What is done", title_justify="left", box=None, padding=(0, 2, 0, 0)
    )
    for column in ("operation", "file", "risk", "why"):
        table.add_column(column, overflow="fold")
    counted: Counter[str] = Counter()
    for operation in operations:
        tree = next((tree for tree in _TREES if operation.path.startswith(tree)), "")
        if tree and operation.kind == "create":
            counted[tree] += 1
            continue
        kind = Text(operation.kind, style=_STYLES[operation.kind])
        table.add_row(
            kind, printable(operation.path), operation.risk, printable(operation.reason)
        )
    for tree, number in counted.items():
        why = "the framework's own, replaced by its updates"
        table.add_row(
            Text("create", style=_STYLES["create"]),
            f"{tree} ({number} files)",
            "none",
            why,
        )
    return table


def _answers(plan: Plan) -> Table:
    table = Table(
        title="\nAnswers", title_justify="left", box=None, padding=(0, 2, 0, 0)
    )
    for column in ("answer", "value", "why"):
        table.add_column(column, overflow="fold")
    for name, value in plan.answers.items():
        because = plan.reasons.get(name, "")
        if because:
            table.add_row(name, printable(str(value)), printable(because))
    return table


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
