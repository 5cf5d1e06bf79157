"""Sentences about findings on the first day, for the top of plan and report."""

from __future__ import annotations

from collections.abc import Mapping

from ci_framework.planning.plan import AlwaysRed
from ci_framework.reporting.folding import shorten

TITLE = "Fix before you merge"
_MOST = 5


def first_day_lines(found: AlwaysRed) -> list[tuple[str, str]]:
    """Sentences of plain text, each with a command; empty if nothing fails."""
    if found.uncounted:
        text = (
            "The findings of ruff's rules F and E9, which are never recorded in the "
            f"baseline, could not be counted: {found.uncounted}"
        )
        return [(text, "")]
    number = sum(found.rules.values())
    if not number:
        return []
    noun, verb = ("finding", "makes") if number == 1 else ("findings", "make")
    text = (
        f"{number} {noun} of ruff's rules F and E9, which are never recorded in the "
        f"baseline, {verb} `lint` fail from the first day: {_counts(found.rules)}"
    )
    lines = [(text, ""), (f"in these files: {_counts(found.files)}", "")]
    if found.fixable:
        fixes = f"to fix {found.fixable} of them, run"
        lines.append((fixes, found.command))
    if found.remaining:
        left = f"to fix by hand ({number - found.fixable}): "
        lines.append((left + shorten(found.remaining, _MOST), ""))
    return lines


def _counts(numbers: Mapping[str, int]) -> str:
    return shorten([f"{name} {count}" for name, count in numbers.items()], _MOST)
