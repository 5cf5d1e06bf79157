"""One page for all jobs: verdicts, failures, durations, and skipped checks.

Each failure includes the command that repeats it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ci_engine.escaping import cell
from ci_engine.findings.results import CheckResult, RunResult, Status, Verdict
from ci_engine.reports.gathered import Job, MatrixJob
from ci_engine.reports.markdown import failure_lines
from ci_engine.reports.performance_section import performance_section
from ci_engine.reports.wording import mark, outcome_line, title, where

# GitHub cuts comments at 65,536 characters and summaries at 1 MiB.
LONGEST_COMMENT = 60_000
_SHORTEST_FENCE = 3
_SECURITY = frozenset({"security", "audit"})


def to_page(
    verdict: Verdict,
    jobs: list[Job],
    matrix_jobs: list[MatrixJob],
    remarks: Sequence[str],
    *,
    security: bool,
    performance: bool,
) -> str:
    """Write the page as Markdown; two of its sections may be omitted."""
    lines = [f"## ci-framework: {verdict.value}", ""]
    lines += [*(f"- {cell(remark)}" for remark in remarks), ""] if remarks else []
    lines += _jobs(jobs)
    lines += _matrix_jobs(matrix_jobs)
    lines += _failures(matrix_jobs)
    lines += _security(matrix_jobs) if security else []
    lines += performance_section(matrix_jobs) if performance else []
    lines += _skipped(jobs, matrix_jobs)
    return "\n".join(lines).rstrip() + "\n"


def clip(page: str, longest: int) -> str:
    """Cut a page between two lines, so that it is still valid Markdown."""
    if len(page) <= longest:
        return page
    kept = page[:longest].rpartition("\n")[0].splitlines()
    fence = ""
    for line in kept:
        marks = line[: len(line) - len(line.lstrip("`"))]
        if fence and line == fence:
            fence = ""
        elif not fence and len(marks) >= _SHORTEST_FENCE:
            fence = marks
    return "\n".join([*kept, fence, "", "truncated: see the summary of the job", ""])


def _jobs(jobs: list[Job]) -> Iterable[str]:
    if not jobs:
        return []
    rows = [
        f"| {cell(job.name)} | {cell(job.result)} | {cell(job.reason)} |"
        for job in jobs
    ]
    return ["| job | result | why |", "|---|---|---|", *rows, ""]


def _matrix_jobs(matrix_jobs: list[MatrixJob]) -> Iterable[str]:
    if not matrix_jobs:
        return []
    head = ["| run | verdict | checks | where | seconds |", "|---|---|---|---|---:|"]
    rows: list[str] = []
    for job in matrix_jobs:
        result = job.result
        bad = [f"{c.id}: {mark(c)}" for c in _failed(result)]
        checks = ", ".join(bad) or f"{len(result.checks)} ok or skipped"
        verdict = result.verdict.value
        verdict = f"{verdict} (advisory)" if result.advisory else verdict
        rows.append(
            f"| {cell(job.name)} | {verdict} | {cell(checks)} "
            f"| {cell(where(result))} | {result.seconds:.1f} |"
        )
    return [*head, *rows, ""]


def _failed(result: RunResult) -> list[CheckResult]:
    """What failed a run, or would have if it were not advisory."""
    if not result.advisory:
        return [check for check in result.checks if not check.green]
    good = (Status.PASSED, Status.SKIPPED)
    return [check for check in result.checks if check.status not in good]


def _failures(matrix_jobs: list[MatrixJob]) -> list[str]:
    lines: list[str] = []
    for job in matrix_jobs:
        bad = _failed(job.result)
        if bad:
            lines += [f"### {cell(job.name)}: {cell(title(job.result))}", ""]
        for check in bad:
            lines += [
                f"**{cell(check.id)}**: {mark(check)} {cell(outcome_line(check))}",
                "",
            ]
            lines += failure_lines(check)
            lines += [""]
    return lines


def _security(matrix_jobs: list[MatrixJob]) -> list[str]:
    """The results of scanners in each run, and whether they ran at all."""
    rows = [
        f"| {cell(job.name)} | {cell(check.id)} | {mark(check)} "
        f"| {len(check.findings)} | {check.new} | {cell(check.tool)} |"
        for job in matrix_jobs
        for check in job.result.checks
        if check.id in _SECURITY
    ]
    if not rows:
        return ["### Security", "", "No security check was part of this run.", ""]
    head = [
        "| run | check | result | findings | new | tool |",
        "|---|---|---|---:|---:|---|",
    ]
    return ["### Security", "", *head, *rows, ""]


def _skipped(jobs: list[Job], matrix_jobs: list[MatrixJob]) -> list[str]:
    """What was not done, each with its reason."""
    lines = [
        f"- {cell(job.name)}: {cell(job.reason or 'no reason was recorded')}"
        for job in jobs
        if job.result == "skipped"
    ]
    seen: set[str] = set()
    for job in matrix_jobs:
        for check in job.result.checks:
            line = f"- {check.id}: {check.reason}"
            if check.status is Status.SKIPPED and line not in seen:
                seen.add(line)
                lines.append(f"- {cell(check.id)}: {cell(check.reason)}")
    return ["### Skipped", "", *lines, ""] if lines else []
