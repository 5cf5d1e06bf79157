"""Store the applied plan for later commands."""

from __future__ import annotations

import msgspec

from ci_engine.project.output_files import write_text
from ci_framework.inventory import Inventory
from ci_framework.planning.build import BuiltPlan
from ci_framework.planning.plan import Plan
from ci_framework.repository import Repository


class StoredPlan(msgspec.Struct, frozen=True):
    """A plan with the analysis behind it."""

    plan: Plan
    inventory: Inventory


def write_plan(repository: Repository, built: BuiltPlan) -> None:
    """Store a plan in the git directory, by its hash."""
    directory = repository.git_directory / "ci-framework"
    directory.mkdir(parents=True, exist_ok=True)
    stored = msgspec.json.encode(StoredPlan(built.plan, built.inventory))
    write_text(directory / f"plan-{built.plan.hash}.json", stored.decode() + "\n")


def read_plan(repository: Repository, name: str) -> StoredPlan | None:
    """Read the plan with a hash, None if it was not stored or is unreadable."""
    path = repository.git_directory / "ci-framework" / f"plan-{name}.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=StoredPlan)
    except (OSError, msgspec.DecodeError):
        return None
