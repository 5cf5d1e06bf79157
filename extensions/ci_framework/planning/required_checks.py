"""Find the project's jobs whose checks have the same names as ours."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from ci_framework.inventory import Evidence, Inventory
from ci_framework.planning.plan import Operation
from ci_framework.rendering import RenderedFile

# The names of jobs that summarize their workflow.
_REQUIRED = re.compile(rb"^    name: ([\w-]+-success)$", re.MULTILINE)


def same_checks(
    inventory: Inventory,
    rendered: Mapping[str, RenderedFile],
    retired: Collection[str],
) -> list[Operation]:
    """Jobs to rename by hand before a branch rule requires our check."""
    ours = {
        name.decode()
        for path, file in rendered.items()
        if path.startswith(".github/workflows/")
        for name in _REQUIRED.findall(file.content)
    }
    return list(_same(inventory, ours, retired))


def _same(
    inventory: Inventory, ours: Collection[str], retired: Collection[str]
) -> Iterator[Operation]:
    for workflow in inventory.workflows:
        if workflow.path in retired:
            continue
        for job in workflow.jobs:
            name = job.name or job.id
            if name in ours:
                yield Operation(
                    kind="manual",
                    path=workflow.path,
                    reason=f"its job {job.id} reports a check {name!r}, as the "
                    "framework's does: rename it before a rule of a branch requires "
                    "that check, which either of the two would fulfil",
                    risk="low",
                    evidence=[Evidence(path=workflow.path, line=job.line)],
                )
