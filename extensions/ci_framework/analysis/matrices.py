"""Read the matrices and platforms of jobs that test."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_framework.analysis.facts import Findings
from ci_framework.analysis.pixi import Pixi
from ci_framework.analysis.survey import Survey
from ci_framework.inventory import Evidence, Job, Workflow

_DISTRIBUTES = {"publish", "release", "build", "docs", "docs-deploy"}
_WHOLE_CI = re.compile(
    r"(^|[^a-z])(ci|tests?|tox|nox|pytest|quality|checks?|lint|build-and-test|gate)"
    r"([^a-z]|$)"
)
_PART_OF_CI = re.compile(
    r"publish|release|docs|codeql|stale|label|lock|changelog|deploy|wheel|dependab|scan"
)
_PLATFORMS = {"linux": "ubuntu|linux", "macos": "macos", "windows": "windows"}


def is_whole_ci(uses: str) -> bool:
    """Whether a job's name shows that it calls the CI of another repository."""
    if not uses or uses.startswith("./"):
        return False
    name = uses.split("@", maxsplit=1)[0].rsplit("/", 1)[-1].lower()
    return _WHOLE_CI.search(name) is not None and _PART_OF_CI.search(name) is None


def cells(survey: Survey, workflow: Workflow, job: Job) -> Iterator[tuple[str, str]]:
    """The keys and values of a matrix, including inputs of a reusable workflow."""
    for key, values in job.matrix.items():
        for value in values if key != "exclude" else ():
            pairs = [part.partition("=") for part in value.split(", ")]
            named = [(name, inner) for name, sign, inner in pairs if sign]
            yield from named or [(key, value)]
    if job.uses:
        for row in rows_of(survey, workflow, job):
            key, _, value = row.strip().lstrip("- ").partition(":")
            for word in re.findall(r"[\w.+-]+", value.split(" #")[0]):
                yield key, word


def rows_of(survey: Survey, workflow: Workflow, job: Job) -> list[str]:
    """The lines of a job, up to the next one."""
    rows = survey.documents.text(workflow.path).split("\n")
    later = [other.line for other in workflow.jobs if other.line > job.line]
    return rows[job.line - 1 : min(later, default=len(rows) + 1) - 1]


def jobs(survey: Survey, *, tests: bool) -> Iterator[tuple[Workflow, Job]]:
    """Jobs that run tests, or all jobs that do not only publish."""
    for workflow in survey.workflows:
        for job in workflow.jobs:
            does = {word for step in job.steps for word in step.does}
            if tests and ("test" in does or is_whole_ci(job.uses)):
                yield workflow, job
            if not tests and not does & _DISTRIBUTES:
                yield workflow, job


def test_jobs(survey: Survey) -> list[tuple[Workflow, Job]]:
    """Jobs that run tests; if there are none, all that do not publish."""
    return [*jobs(survey, tests=True)] or [*jobs(survey, tests=False)]


def state_platforms(survey: Survey, pixi: Pixi, findings: Findings) -> None:
    """State the tested platforms."""
    found: dict[str, Evidence] = {}
    for workflow, job in test_jobs(survey):
        values = [value for _, value in cells(survey, workflow, job)]
        labels = " ".join([*job.runs_on, *values]).lower()
        for platform, names in _PLATFORMS.items():
            if re.search(names, labels):
                found.setdefault(platform, workflow.at(job.line))
    known = {name: found[name] for name in found if name in pixi.platforms} or found
    order: list[str] = [name for name in _PLATFORMS if name in known]
    if order:
        because = "the jobs of its workflows run there"
        findings.add("platforms", order, because, [known[name] for name in order])
    elif pixi.platforms:
        location = survey.documents.location(pixi.path, *pixi.prefix)
        because = "the pixi manifest solves for them; no workflow tests anywhere"
        findings.add("platforms", pixi.platforms, because, [location], "likely")
    else:
        because = "no file shows where it is tested"
        findings.add("platforms", ["linux"], because, (), "guess")
