"""Report services that tests need, and that the framework can start."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from ci_framework.analysis.test_calls import tests_no_python
from ci_framework.inventory import (
    Evidence,
    Inventory,
    Job,
    Step,
    Workflow,
    steps_of,
)
from ci_framework.planning.plan import Operation

# The values of the answer `services`, by the names of their images.
_KNOWN = ("postgres", "redis")
# Commands and actions that start a server and leave it running.
_SERVER = re.compile(
    r"docker[ -]compose\b[^\n;&|]*\sup\b[^\n;&|]*\s(?:-d|--detach|--wait)\b[^\n;&|]*"
    r"|docker\s+run\b[^\n;&|]*\s(?:-d|--detach)\b[^\n;&|]*"
    r"|(?:systemctl\s+start|service)\s+(?:postgresql|mysql|mariadb|redis\S*|mongod\S*)"
    r"(?:\s+start)?"
    r"|[\w-]+/(?:[\w-]*compose-action"
    r"|(?:setup-)?(?:redis|postgres\w*|mysql|mongodb|elasticsearch)[\w-]*)@"
)


def kind_of_image(image: str) -> str:
    """The value of the answer ``services`` for an image; empty for other images."""
    name = image.partition("@")[0].rpartition("/")[2].partition(":")[0].lower()
    return name if name in _KNOWN else ""


def needed_services(
    inventory: Inventory, answers: Mapping[str, object]
) -> list[Operation]:
    """Report services that no answer starts, although every test job uses them."""
    jobs = test_jobs(inventory)
    answered = answers.get("services") or answers.get("service_image")
    if answered or answers.get("ci_mode") == "local" or not jobs:
        return []
    if not all(job.services or _starts(job) for _, job in jobs):
        # Without the service, tests that need it are skipped, or test something else.
        return []
    if not any(job.services for _, job in jobs):
        return [_started_by_step(*jobs[0])]
    images = {name: image for _, job in jobs for name, image in job.services.items()}
    workflow, job = next(item for item in jobs if item[1].services)
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


def _starts(job: Job) -> list[Step]:
    """The steps of a job that start a server in the background."""
    return [step for step in job.steps if _SERVER.search(step.text)]


def _started_by_step(workflow: Workflow, job: Job) -> Operation:
    step = _starts(job)[0]
    found = _SERVER.search(step.text)
    shown = " ".join(found[0].split()) if found else step.name
    return Operation(
        kind="manual",
        path=workflow.path,
        reason=f"its tests never run without what `{shown}` starts, and the "
        "framework's jobs start no service unless an answer names it: plan with "
        """--answer 'services=["postgres"]' or redis, for others --answer """
        "service_image=IMAGE@DIGEST; variables that this job sets stay in it",
        risk="medium",
        evidence=[Evidence(path=workflow.path, line=step.line)],
    )


def test_jobs(inventory: Inventory) -> list[tuple[Workflow, Job]]:
    """The jobs that run tests of Python."""
    found: list[tuple[Workflow, Job]] = []
    for workflow, job, step in steps_of(inventory.workflows):
        known = any(other is job for _, other in found)
        tests = step.kind == "run" and "test" in step.does
        if tests and not known and not tests_no_python(step.text):
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
