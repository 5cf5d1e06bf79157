"""Merge rows of a plan that only differ in their file."""

from __future__ import annotations

from collections.abc import Iterable

from ci_framework.planning.plan import Operation, Plan

# The kinds of operations that the maintainer decides on.
DECISIONS = ("manual", "retire")


def fold_operations(
    operations: Iterable[Operation],
) -> list[tuple[Operation, list[str]]]:
    """Group operations that only differ in their file, each with its files."""
    found: dict[tuple[str, str, str], tuple[Operation, list[str]]] = {}
    for item in operations:
        row = found.setdefault((item.kind, item.risk, item.reason), (item, []))
        row[1].append(item.path)
    return list(found.values())


def fold_answers(plan: Plan) -> tuple[list[tuple[str, str, str]], list[str]]:
    """Answers with a reason, as one row for each reason, and those by default."""
    rows: dict[str, list[str]] = {}
    defaults: list[str] = []
    for name, value in plan.answers.items():
        reason = plan.reasons.get(name, "")
        if reason.startswith("the default"):
            defaults.append(f"{name}: {'empty' if value in ('', []) else value}")
        elif reason:
            rows.setdefault(reason, []).append(name)
    return [_row(plan, names, reason) for reason, names in rows.items()], defaults


def _row(plan: Plan, names: list[str], reason: str) -> tuple[str, str, str]:
    values = [plan.answers[name] for name in names]
    shown = dict.fromkeys(str(value) for value in values if value not in ("", []))
    return ", ".join(names), ", ".join(shown), reason


def shorten(names: list[str], most: int = 3) -> str:
    """The first of some names, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
