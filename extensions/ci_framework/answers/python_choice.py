"""Choose the Python versions to test."""

from __future__ import annotations

from ci_framework.analysis.python_versions import admits
from ci_framework.answers.tiers import Tiers
from ci_framework.inventory import Inventory

_USUAL = "3.12"
# The versions that the template supports as answers.
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14", "3.15")


def python_versions(inventory: Inventory, tiers: Tiers) -> tuple[list[str], str]:
    """Choose the versions that CI tests, and give the reason."""
    found = inventory.items("python-versions")
    because = inventory.reason("python-versions")
    known = [version for version in PYTHONS if version in found]
    if tiers.owner == "project" and inventory.text("manager") == "pixi":
        return _pixi_pythons(known, because, tiers)
    if known:
        if len(known) < len(found):
            because += f"; the framework tests {PYTHONS[0]} to {PYTHONS[-1]} only"
        return known, because
    spec = inventory.text("requires-python")
    if found:
        because += f"; the framework tests {PYTHONS[0]} to {PYTHONS[-1]} only"
    if not spec:
        return [_USUAL], f"{because}; {_USUAL} is the framework's usual one"
    admitted = [version for version in PYTHONS if admits(spec, version)]
    if admitted:
        note = f"the oldest of these that requires-python {spec} allows"
        if not found:
            note = f"the oldest from {PYTHONS[0]} on that requires-python {spec} allows"
        return admitted[:1], f"{because}; {note}"
    note = f"requires-python {spec} allows none from {PYTHONS[0]} to {PYTHONS[-1]}"
    return [PYTHONS[0]], f"{note}: the nearest; its tests may need a newer one"


def _pixi_pythons(
    known: list[str], because: str, tiers: Tiers
) -> tuple[list[str], str]:
    """One environment per version, or a single version if all would be the same."""
    real = [version for version in PYTHONS if version in tiers.pythons]
    both = [version for version in real if version in known] or real
    if both:
        return both, "the project has a pixi environment for each of them"
    if tiers.python in PYTHONS:
        note = "its pixi environment has this one, and none is there for others"
        return [tiers.python], note
    if len(known) > 1:
        because += "; pixi has one environment for all of them, which is tested once"
    return known[:1] or [_USUAL], because
