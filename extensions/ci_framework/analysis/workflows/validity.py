"""Find reasons in a workflow file why GitHub rejects it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_framework.analysis.purposes.vocabulary import word_set
from ci_framework.analysis.readers.yaml_nodes import Node, Page
from ci_framework.analysis.workflows.expressions import expression_problems

_TOP, _JOB, _STEP = map(word_set, ("workflow-keys", "job-keys", "step-keys"))
_DOING = ("run", "uses", "parallel", "wait", "wait-all", "cancel")
_ID = re.compile(r"[A-Za-z_][\w-]*")
# The maximum number of reported problems.
_MOST = 3


def problem_of(page: Page) -> str:
    """Why GitHub rejects a workflow, empty if no reason is known."""
    found = dict.fromkeys(f"line {line}: {text}" for line, text in _problems(page))
    shown = list(found)[:_MOST]
    more = len(found) - len(shown)
    return "; ".join([*shown, f"and {more} more"] if more else shown)


def _problems(page: Page) -> Iterator[tuple[int, str]]:
    top = page.documents[0]
    for other in page.documents[1:2]:
        yield other.line, "a second document"
    for line in page.merges:
        yield line, "a merge key `<<`, which GitHub does not know"
    for key, line in page.duplicates:
        yield line, f"`{key}` is a duplicate key"
    yield from _unknown(top, _TOP, "")
    for key in ("on", "jobs"):
        if not top.has(key):
            yield top.line, f"no `{key}`"
    yield from _jobs_problems(top)
    for key, value in top.pairs:
        if key != "jobs":
            yield from expression_problems(value)


def _unknown(
    node: Node, known: frozenset[str], where: str
) -> Iterator[tuple[int, str]]:
    for (key, _value), line in zip(node.pairs, node.key_lines, strict=True):
        if key not in known:
            yield line, f"unknown key `{key}`{where}"


def _jobs_problems(top: Node) -> Iterator[tuple[int, str]]:
    jobs = top.get("jobs")
    if top.has("jobs") and not jobs.pairs:
        yield top.line_of("jobs"), "no job"
    names = {name for name, _job in jobs.pairs}
    for (name, job), line in zip(jobs.pairs, jobs.key_lines, strict=True):
        if not _ID.fullmatch(name):
            yield line, f"`{name}` cannot be the id of a job"
        if job.kind != "map":
            yield line, f"job `{name}` is not a mapping"
            continue
        yield from _unknown(job, _JOB, f" in job `{name}`")
        yield from _shape_problems(name, job, line)
        for needed in job.get("needs").words():
            if needed not in names:
                at = job.line_of("needs")
                yield at, f"job `{name}` needs `{needed}`, which is not a job"
        for step in job.get("steps").items:
            yield from _step_problems(name, step)
        yield from expression_problems(job, "job")


def _shape_problems(name: str, job: Node, line: int) -> Iterator[tuple[int, str]]:
    calls = job.has("uses")
    for key in ("runs-on", "steps"):
        if calls and job.has(key):
            yield job.line_of(key), f"job `{name}` has `uses` and `{key}`"
        elif not calls and not job.has(key):
            yield line, f"job `{name}` has no `{key}`"


def _step_problems(job: str, step: Node) -> Iterator[tuple[int, str]]:
    if step.kind != "map":
        yield step.line, f"a step of job `{job}` is not a mapping"
        return
    yield from _unknown(step, _STEP, f" in a step of job `{job}`")
    if step.has("run") and step.has("uses"):
        yield step.line, f"a step of job `{job}` has `run` and `uses`"
    elif not any(step.has(key) for key in _DOING):
        yield step.line, f"a step of job `{job}` has neither `run` nor `uses`"
