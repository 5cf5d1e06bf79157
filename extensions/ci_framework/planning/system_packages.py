"""Report packages of the system that test jobs install, and ours do not."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ci_framework.analysis.purposes.vocabulary import word_set
from ci_framework.inventory import Evidence, Inventory, Job
from ci_framework.planning.needed_services import test_jobs
from ci_framework.planning.plan import Operation

_INSTALL = re.compile(r"\bapt(?:-get)?\s+(?:-\S+\s+)*install\b((?:\\\n|[^\n;&|])*)")
_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+")
_MOST = 3


def system_packages(
    inventory: Inventory, answers: Mapping[str, object]
) -> list[Operation]:
    """Report what every test job installs with apt, as no answer installs it."""
    jobs = test_jobs(inventory)
    installed = [_installed(job) for _, job in jobs]
    if answers.get("ci_mode") == "local" or not jobs or not all(installed):
        return []
    workflow, _ = jobs[0]
    names = list(dict.fromkeys(name for found in installed for name in found))
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    line = next(iter(installed[0].values()))
    return [
        Operation(
            kind="manual",
            path=workflow.path,
            reason=f"its test jobs install {', '.join(names[:_MOST])}{more} with apt, "
            "and the framework's jobs do not: if tests fail without, keep them in your "
            'job only, with tier = "none" in [tool.ci-framework.checks.test]',
            risk="medium",
            evidence=[Evidence(path=workflow.path, line=line)],
        )
    ]


def _installed(job: Job) -> dict[str, int]:
    """The packages that a job installs, with the line of the step."""
    return {
        name: step.line
        for step in job.steps
        for found in _INSTALL.finditer(step.text)
        for name in found[1].replace("\\\n", " ").split()
        if _NAME.fullmatch(name) and name not in word_set("packages-of-runners")
    }
