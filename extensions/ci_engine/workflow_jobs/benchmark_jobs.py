"""The jobs that compare benchmarks: one for the repository, or one for each package."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from ci_engine.changes.decision import Decision
from ci_engine.configuration.loading import Configuration
from ci_engine.github.event import Event
from ci_engine.project.repository import Project
from ci_engine.workflow_jobs.jobs import Jobs, MatrixJob, as_matrix, newest_of
from ci_engine.workflow_jobs.package_jobs import PackageChanges, matrix_jobs_of

# They hold commits that a pull request was compared for.
_COMPARED_BEFORE = ("push", "merge_group")
# They start the workflow that adds to the history.
_MEASURED = ("schedule", "workflow_dispatch")


class BenchmarkJob(msgspec.Struct, frozen=True, rename="kebab"):
    """One job that runs benchmarks.

    Attributes:
        label: what its report is called.
        package: the package whose benchmarks it runs; empty = the repository.
    """

    label: str
    package: str
    platform: str
    runner: str
    python_version: str


def with_benchmarks(
    jobs: Jobs,
    project: Project,
    decision: Decision,
    packages: PackageChanges,
    configuration: Configuration,
    event: Event,
) -> Jobs:
    """Add the jobs with benchmarks that a change may have slowed, or why not."""
    planned = list(_planned(project, packages, configuration))
    suite = configuration.settings.performance.benchmark_suite
    because = ""
    if not suite:
        because = "benchmarks are turned off: performance.benchmark-suite is empty"
    elif event.name in _COMPARED_BEFORE:
        because = "benchmarks are compared for pull requests, and measured once a week"
    elif not _is_sensitive(decision, suite):
        because = "the change touches no code that can become slower"
    elif not planned:
        because = f"what the change touches has no benchmarks: {', '.join(suite)}"
    skips = dict(jobs.skips)
    if because:
        skips["benchmarks"] = because
        if event.name in _MEASURED:
            skips["benchmark-history"] = "there are no results to add"
    more = {**jobs.more, "benchmark-matrix": as_matrix([] if because else planned)}
    return msgspec.structs.replace(jobs, skips=skips, more=more)


def _is_sensitive(decision: Decision, suite: list[str]) -> bool:
    """Whether code may run slower now, or the benchmarks themselves changed."""
    paths = [f"/{reason.path}" for reason in decision.reasons]
    return decision.performance_sensitive or any(
        f"/{part.strip('/')}/" in f"{path}/" for path in paths for part in suite
    )


def _planned(
    project: Project, packages: PackageChanges, configuration: Configuration
) -> Iterator[BenchmarkJob]:
    suite = configuration.settings.performance.benchmark_suite

    def has_suite(root: Path) -> bool:
        return any((root / path).exists() for path in suite)

    if len(packages.graph.packages) < 2:  # noqa: PLR2004 - the repository itself
        if has_suite(project.root):
            yield _job("", newest_of(configuration))
        return
    by_name = packages.graph.by_name
    for name in (name for name in packages.graph.order if name in packages.names):
        if has_suite(project.root / by_name[name].path):
            yield _job(name, matrix_jobs_of(by_name[name], configuration)[-1])


def _job(package: str, where: MatrixJob) -> BenchmarkJob:
    label = f"benchmarks-{package}" if package else "benchmarks"
    return BenchmarkJob(
        label, package, where.platform, where.runner, where.python_version
    )
