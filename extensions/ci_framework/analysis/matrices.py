"""The jobs that test, and what their matrices say."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_framework.analysis.reusable import is_whole_ci
from ci_framework.analysis.survey import Survey
from ci_framework.inventory import Job, Workflow

__all__ = ["cells", "jobs", "rows_of", "test_jobs"]

_DISTRIBUTES = ("publish", "release", "build", "docs", "docs-deploy")


def cells(survey: Survey, workflow: Workflow, job: Job) -> Iterator[tuple[str, str]]:
    """The keys and values of a matrix; what is handed to a reusable workflow too."""
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
    """The lines of a job, from its key to the next one."""
    rows = survey.documents.text(workflow.path).split("\n")
    later = [other.line for other in workflow.jobs if other.line > job.line]
    return rows[job.line - 1 : min(later, default=len(rows) + 1) - 1]


def jobs(survey: Survey, *, tests: bool) -> Iterator[tuple[Workflow, Job]]:
    """Jobs that run tests, or all that do not only distribute."""
    for workflow in survey.workflows:
        for job in workflow.jobs:
            does = {word for step in job.steps for word in step.does}
            if tests and ("test" in does or is_whole_ci(job.uses)):
                yield workflow, job
            if not tests and not does & set(_DISTRIBUTES):
                yield workflow, job


def test_jobs(survey: Survey) -> list[tuple[Workflow, Job]]:
    """Jobs that run tests; all that do not distribute if none does."""
    return [*jobs(survey, tests=True)] or [*jobs(survey, tests=False)]
