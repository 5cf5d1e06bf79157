"""Report services that tests need, and that the framework can start."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ci_framework.inventory import Evidence, Inventory, Job, Workflow, steps_of
from ci_framework.planning.plan import Operation

# The values of the answer `services`, by the names of their images.
_KNOWN = ("postgres", "redis")


def kind_of_image(image: str) -> str:
    """The value of the answer ``services`` for an image; empty for other images."""
    name = image.partition("@")[0].rpartition("/")[2].partition(":")[0].lower()
    return name if name in _KNOWN else ""


def needed_services(
    inventory: Inventory, answers: Mapping[str, object]
) -> list[Operation]:
    """Report services that no answer starts, although every test job uses them."""
    jobs = _test_jobs(inventory)
    answered = answers.get("services") or answers.get("service_image")
    if answered or answers.get("ci_mode") == "local" or not jobs:
        return []
    if not all(job.services for _, job in jobs):
        # Without the service, tests that need it are skipped, or test something else.
        return []
    images = {name: image for _, job in jobs for name, image in job.services.items()}
    workflow, job = jobs[0]
    line = job.lines.get("services", job.line)
    return [
        Operation(
            kind="manual",
            path=workflow.path,
            reason=f"its tests never run without {' and '.join(sorted(images))}, and "
            f"the framework's jobs start no service unless an answer names it: "
            f"{_advice(images)}",
            risk="medium",
            evidence=[Evidence(path=workflow.path, line=line)],
        )
    ]


def _test_jobs(inventory: Inventory) -> list[tuple[Workflow, Job]]:
    found: list[tuple[Workflow, Job]] = []
    for workflow, job, step in steps_of(inventory.workflows):
        known = any(other is job for _, other in found)
        if step.kind == "run" and "test" in step.does and not known:
            found.append((workflow, job))
    return found


def _advice(images: Mapping[str, str]) -> str:
    kinds = {name: kind_of_image(image) for name, image in images.items()}
    known = sorted({kind for kind in kinds.values() if kind})
    others = sorted(name for name, kind in kinds.items() if not kind)
    parts: list[str] = []
    if known:
        parts.append(f"plan with --answer 'services={json.dumps(known)}'")
    if others:
        parts.append(f"for {others[0]}, --answer service_image=IMAGE@DIGEST")
    return ", ".join(parts) + "; variables that this job sets stay in it"
