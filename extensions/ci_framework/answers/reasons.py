"""Why an answer is what it is, in the words of the analysis."""

from __future__ import annotations

from ci_framework.inventory import Inventory

__all__ = ["because_of"]


def because_of(inventory: Inventory, name: str) -> str:
    """Why a fact is what it is, with the first place that says so."""
    fact = inventory.fact(name)
    if fact is None:
        return "nothing was found"
    where = next(iter(fact.evidence), None)
    if where is None:
        return fact.because
    line = f":{where.line}" if where.line else ""
    return f"{fact.because} ({where.path}{line})"
