"""Report the packages of a repository that its adoption does not check."""

from __future__ import annotations

from collections.abc import Mapping

from ci_framework.inventory import Inventory
from ci_framework.planning.plan import Operation


def left_out(inventory: Inventory, answers: Mapping[str, object]) -> list[Operation]:
    """The packages that the gate does not check, and how to add them."""
    fact = inventory.fact("other-distributions")
    if fact is None or answers.get("project_type") == "monorepo":
        return []
    return [
        Operation(
            kind="manual",
            path=location.path,
            reason=f"a package that is left out: {fact.because}; to check each package "
            "by itself, plan with --answer project_type=monorepo",
            risk="low",
            evidence=[location],
        )
        for location in fact.evidence
    ]
