"""Gather the reports of all jobs of a workflow run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ci_engine.errors import UsageError
from ci_engine.findings.results import Finding, RunResult, Verdict

_SUITE_JOB = "comprehensive-tests"
# They repeat the results of others.
_OVERVIEWS = ("summary", "combined")


class Job(msgspec.Struct, frozen=True):
    """The result of a job, as reported by GitHub, and why it may have been skipped.

    Attributes:
        result: success, failure, cancelled or skipped.
        reason: why it was skipped, as change detection recorded it; else empty.
    """

    name: str
    result: str
    reason: str = ""

    @property
    def good(self) -> bool:
        """Whether the job allows a green verdict."""
        recorded = self.result == "skipped" and bool(self.reason)
        return self.result == "success" or recorded


@dataclass(frozen=True)
class MatrixJob:
    """The result of one run of the engine, named after its artifact."""

    name: str
    result: RunResult


class _SuiteEntry(msgspec.Struct):
    label: str = ""
    advisory: bool = False


class _Suite(msgspec.Struct):
    include: list[_SuiteEntry] = []


class _Need(msgspec.Struct):
    result: str


def read_jobs(needs: str, skips: str) -> list[Job]:
    """Read the ``needs`` of a job, and the recorded reasons of skipped jobs."""
    try:
        jobs = msgspec.json.decode(needs or "{}", type=dict[str, _Need])
    except msgspec.DecodeError as error:
        raise UsageError(f"NEEDS: {error}") from error
    try:
        reasons = msgspec.json.decode(skips or "{}", type=dict[str, str])
    except msgspec.DecodeError as error:
        raise UsageError(f"SKIPS: {error}") from error
    return [
        Job(name, need.result, reasons.get(name, "")) for name, need in jobs.items()
    ]


def gather_jobs(directory: Path) -> tuple[list[MatrixJob], list[str]]:
    """Read every ``result.json`` below a directory.

    Of directories that only differ in a trailing attempt number, the highest one
    counts: a job that was run again is judged by its last run. The reports of
    ``ci summary`` itself are not included.

    Returns:
        The results sorted by name, and a line for each file that could not
        be read.
    """
    matrix_jobs: list[MatrixJob] = []
    unread: list[str] = []
    for name, path in _last_attempts(directory).items():
        try:
            result = msgspec.json.decode(path.read_bytes(), type=RunResult)
        except (OSError, msgspec.DecodeError) as error:
            unread.append(f"{name}: {error}")
            continue
        if result.command not in _OVERVIEWS:
            matrix_jobs.append(
                MatrixJob(result.command if name == os.curdir else name, result)
            )
    return matrix_jobs, unread


def _last_attempts(directory: Path) -> dict[str, Path]:
    last: dict[str, tuple[int, Path]] = {}
    paths = [*directory.glob("result.json"), *directory.glob("*/result.json")]
    # Each matrix job with sharded tests has a separate directory there.
    paths += directory.glob("gate-combined-*/*/result.json")
    for path in sorted(paths):
        full = path.parent.relative_to(directory).as_posix()
        attempt = re.search(r"^gate-[^/]+-(\d{1,6})(?=/|$)", full)
        name = full
        if attempt:
            name = full[: attempt.start(1) - 1] + full[attempt.end(1) :]
        number = int(attempt.group(1)) if attempt else 0
        if name not in last or number > last[name][0]:
            last[name] = number, path
    return {name: path for name, (_, path) in sorted(last.items())}


def with_jobs(result: RunResult, matrix_jobs: Iterable[MatrixJob]) -> RunResult:
    """The whole result with the checks of each job; duplicates are merged."""
    checks = list(result.checks)
    seen: set[tuple[str, str, str, int, str]] = set()
    for job in matrix_jobs:
        for check in job.result.checks:
            new = [each for each in check.findings if _identity(each) not in seen]
            seen |= {_identity(each) for each in new}
            name = f"{job.name}: {check.id}"
            checks.append(msgspec.structs.replace(check, id=name, findings=new))
    return msgspec.structs.replace(result, checks=checks)


def _identity(finding: Finding) -> tuple[str, str, str, int, str]:
    where = (finding.path, finding.line)
    return (finding.tool, finding.rule, *where, finding.message)


def missing_advice(
    suite: str, jobs: list[Job], matrix_jobs: list[MatrixJob]
) -> list[str]:
    """Name the advisory jobs without a report: their failure does not fail the run.

    Args:
        suite: the test matrix as JSON; empty = unknown.
        jobs: the jobs of the workflow.
        matrix_jobs: the results of the matrix jobs.
    """
    try:
        entries = msgspec.json.decode(suite or "{}", type=_Suite).include
    except msgspec.DecodeError as error:
        raise UsageError(f"SUITE: {error}") from error
    if any(job.name == _SUITE_JOB and job.result == "skipped" for job in jobs):
        return []
    reported = {job.name for job in matrix_jobs}
    return [
        f"{entry.label} (advisory) left no report: see its job"
        for entry in entries
        if entry.advisory and f"gate-{entry.label}" not in reported
    ]


def job_verdict(
    jobs: list[Job], matrix_jobs: list[MatrixJob], unread: list[str]
) -> tuple[Verdict, Mapping[str, str]]:
    """Judge the whole run; nothing to judge is an error, never green.

    Returns:
        The verdict, and the message of each part that is not green.
    """
    bad = {job.name: job.result for job in jobs if not job.good}
    bad |= {
        matrix_job.name: matrix_job.result.verdict.value
        for matrix_job in matrix_jobs
        if matrix_job.result.verdict is not Verdict.GREEN
    }
    if any(text in ("failure", "red") for text in bad.values()):
        return Verdict.RED, bad
    if bad or unread or not (jobs or matrix_jobs):
        return Verdict.ERROR, bad
    return Verdict.GREEN, bad
