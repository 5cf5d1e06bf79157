"""Remove existing workflows, only those that the user names."""

from __future__ import annotations

from collections.abc import Sequence

from ci_engine.errors import UsageError
from ci_framework.inventory import Inventory
from ci_framework.planning.files import FilePlan, digest, patch_of
from ci_framework.planning.plan import Change, Operation
from ci_framework.repository import Repository


def retire(
    repository: Repository, inventory: Inventory, paths: Sequence[str]
) -> FilePlan:
    """Plan the removal of workflows.

    Raises:
        UsageError: if a path is not a workflow of the repository, or another workflow
            that stays is triggered by it or calls it.
    """
    plan = FilePlan()
    workflows = {workflow.path: workflow for workflow in inventory.workflows}
    for path in sorted(set(paths)):
        workflow = workflows.get(path)
        content = repository.read(path)
        if workflow is None or content is None:
            known = ", ".join(workflows) or "no workflow, since there is none"
            raise UsageError(f"--retire: expected one of {known}, got {path!r}")
        users = [
            location.shown
            for location in workflow.referred_by
            if location.path in workflows and location.path not in (path, *paths)
        ]
        if users:
            raise UsageError(
                f"--retire {path}: {', '.join(users)} refers to it",
                hint="retire those as well, or change them first",
            )
        plan.changes.append(Change(path, content, None, ""))
        plan.operations.append(
            Operation(
                kind="retire",
                path=path,
                reason="requested: the framework's workflow replaces it",
                risk="high",
                before=digest(content),
                patch=patch_of(path, content, b""),
                evidence=list(workflow.referred_by),
            )
        )
    return plan
