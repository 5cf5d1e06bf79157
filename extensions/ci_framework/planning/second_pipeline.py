"""A pipeline on another system, beside which the framework would run its own."""

from __future__ import annotations

from collections.abc import Mapping

from ci_framework.inventory import Inventory, steps_of
from ci_framework.planning.plan import Operation


def second_pipeline(
    inventory: Inventory, answers: Mapping[str, object]
) -> list[Operation]:
    """State that tests would run on two systems, if GitHub runs none of them yet."""
    fact = inventory.fact("other-ci")
    if fact is None or answers.get("ci_mode") == "local":
        return []
    systems = [
        name
        for name in inventory.items("other-ci")
        if not name.startswith("reusable workflow")
    ]
    on_github = any("test" in step.does for _, _, step in steps_of(inventory.workflows))
    if not systems or on_github:
        return []
    return [
        Operation(
            kind="manual",
            path=fact.evidence[0].path if fact.evidence else "",
            reason=f"its tests run in {systems[0]}, and none on GitHub: the workflows "
            "would be a second pipeline; to have the gate without them, plan with "
            "--answer ci_mode=local, and call ci-framework/ci gate there",
            risk="medium",
            evidence=fact.evidence[:1],
        )
    ]
