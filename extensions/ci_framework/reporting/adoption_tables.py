"""Tables for the report of an adoption: the tools before and now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ci_framework.analysis.purposes.vocabulary import TOOL_CHECKS
from ci_framework.inventory import Inventory, Tool
from ci_framework.reporting.escaped import as_code, as_text
from ci_framework.reporting.folding import shorten
from ci_framework.validating.model import Validation

_MOST_ROWS = 60


def write_table(headings: str, rows: Iterable[Iterable[str]]) -> list[str]:
    """A table with rendered cells; rows beyond the limit are counted."""
    cells = [list(row) for row in rows]
    titles = headings.split("|")
    lines = [f"| {' | '.join(titles)} |", f"|{'---|' * len(titles)}"]
    lines += [f"| {' | '.join(row)} |" for row in cells[:_MOST_ROWS]]
    more = len(cells) - _MOST_ROWS
    return [*lines, *(["", f"and {more} more"] if more > 0 else []), ""]


def tool_lines(inventory: Inventory, validation: Validation) -> list[str]:
    """Each tool: its effective configuration, where it ran, where it runs now."""
    rows = [_tool_row(tool, validation.gate) for tool in inventory.tools]
    lines: list[str] = []
    if rows:
        heading = "tool|version|configuration|ran before|runs now"
        lines += ["## Tools", "", *write_table(heading, rows)]
    if validation.tools:
        compared = [
            (
                as_text(f"{row.tool} {row.version}"),
                as_code(row.command),
                as_text(row.before),
                as_text(row.after),
            )
            for row in validation.tools
        ]
        lines += ["The project's own checks, run before and after:", ""]
        lines += write_table("tool|command|before|after", compared)
    return lines


def _tool_row(tool: Tool, gate: Mapping[str, str]) -> tuple[str, ...]:
    used = shorten([as_code(item.shown) for item in tool.used], 2)
    check = TOOL_CHECKS.get(tool.name, "")
    now = f"where it did; gate: {check} {gate[check]}" if check in gate else ""
    return (
        as_text(tool.name),
        as_text(tool.version) or "-",
        _config(tool),
        used or "-",
        as_text(now) or "where it did",
    )


def _config(tool: Tool) -> str:
    location = as_code(tool.config.shown) if tool.config else "its defaults"
    shadowed = ", ".join(as_code(item.shown) for item in tool.shadowed)
    return location + (f" (not read: {shadowed})" if shadowed else "")
