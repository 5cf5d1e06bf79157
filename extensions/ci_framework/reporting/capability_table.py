"""What becomes of the existing CI, as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ci_framework.planning.plan import Capability
from ci_framework.reporting.screen import printable

__all__ = ["print_capabilities"]

_STYLES = {"covered": "green", "kept": "cyan", "manual": "bold yellow"}


def print_capabilities(
    capabilities: Sequence[Capability], console: Console, *, whole: bool = True
) -> None:
    """Print capabilities and their numbers; nothing if there is none.

    Args:
        capabilities: what the existing CI does.
        console: where to.
        whole: whether all are shown, or only those that need a person.
    """
    if not capabilities:
        return
    shown = [item for item in capabilities if whole or item.state == "manual"]
    if shown:
        console.print(_table(shown))
    counted: Counter[str] = Counter(item.state for item in capabilities)
    numbers = ", ".join(f"{counted[state]} {state}" for state in _STYLES)
    hint = "" if whole else " (all of them: ci-framework plan --capabilities)"
    console.print(f"The existing CI has {len(capabilities)} parts: {numbers}{hint}")


def _table(capabilities: Sequence[Capability]) -> Table:
    table = Table(
        title="What becomes of the existing CI",
        title_justify="left",
        box=None,
        padding=(0, 2, 0, 0),
    )
    for column in ("state", "where", "job", "step", "does", "by", "why"):
        table.add_column(column, overflow="fold")
    for item in capabilities:
        table.add_row(
            Text(item.state, style=_STYLES[item.state]),
            printable(f"{_short(item.workflow)}:{item.line}"),
            printable(item.job),
            printable(item.step),
            printable(item.does),
            printable(_short(item.by)),
            printable(item.because),
        )
    return table


def _short(path: str) -> str:
    return path.removeprefix(".github/workflows/")
