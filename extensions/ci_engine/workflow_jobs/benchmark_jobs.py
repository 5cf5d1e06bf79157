"""The jobs for benchmarks and load tests, of the repository or of each package."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from ci_engine.changes.decision import Decision
from ci_engine.configuration.load_settings import USUAL_FILES
from ci_engine.configuration.loading import Configuration
from ci_engine.github.event import Event
from ci_engine.monorepo.package_view import view_package
from ci_engine.project.repository import Project
from ci_engine.workflow_jobs.jobs import Jobs, MatrixJob, as_matrix, newest_of
from ci_engine.workflow_jobs.package_jobs import PackageChanges
from ci_engine.workflow_jobs.package_matrix import matrix_jobs_of

# They contain the commits that a pull request is compared with.
_COMPARED_BEFORE = ("push", "merge_group")
_LOAD_TESTS = ("tests/load", "load", "locustfile.py")
# They start the workflow that adds to the history.
_MEASURED = ("schedule", "workflow_dispatch")


class BenchmarkJob(msgspec.Struct, frozen=True, rename="kebab"):
    """One job that runs benchmarks.

    Attributes:
        label: the name of its report.
        suite: load for a load test; empty = the suite of the workflow.
        package: the package with the benchmarks; empty = the repository.
    """

    label: str
    suite: str
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
    """Add benchmark jobs whose results a change may affect, or why there are none."""
    planned = list(_planned(project, packages, configuration))
    suite = configuration.settings.performance.benchmark_suite
    because = ""
    if not suite and not planned:
        because = "benchmarks are turned off: performance.benchmark-suite is empty"
    elif event.name in _COMPARED_BEFORE:
        because = "benchmarks are compared for pull requests, and measured once a week"
    elif not _is_sensitive(decision, [*suite, *_LOAD_TESTS]):
        because = "the change touches no code that could become slower"
    elif not planned:
        because = f"what the change touches has no benchmarks: {', '.join(suite)}"
    started = [] if because else planned
    skips = dict(jobs.skips)
    if because:
        skips["benchmarks"] = because
    # Load tests have no history: their times depend on the whole machine.
    if event.name in _MEASURED and all(job.suite for job in started):
        skips["benchmark-history"] = "there are no results to add"
    more = {**jobs.more, "benchmark-matrix": as_matrix(started)}
    return msgspec.structs.replace(jobs, skips=skips, more=more)


def _is_sensitive(decision: Decision, suite: list[str]) -> bool:
    """Whether a change may affect the speed of code, or the benchmarks themselves."""
    paths = [f"/{reason.path}" for reason in decision.reasons]
    return decision.performance_sensitive or any(
        f"/{part.strip('/')}/" in f"{path}/" for path in paths for part in suite
    )


def _planned(
    project: Project, packages: PackageChanges, configuration: Configuration
) -> Iterator[BenchmarkJob]:
    if len(packages.graph.packages) < 2:  # noqa: PLR2004 - the repository itself
        where = newest_of(configuration)
        yield from _jobs(project.root, "", configuration, where)
        return
    by_name = packages.graph.by_name
    for name in (name for name in packages.graph.order if name in packages.names):
        own = configuration
        root = project.root / by_name[name].path
        if any((root / path).is_file() for path in USUAL_FILES):
            own = view_package(project, name, {}, {}).configuration
        yield from _jobs(root, name, own, matrix_jobs_of(by_name[name], own)[-1])


def _jobs(
    root: Path, package: str, configuration: Configuration, where: MatrixJob
) -> Iterator[BenchmarkJob]:
    """The jobs of the repository or of one package: benchmarks, and a load test."""
    performance = configuration.settings.performance
    if any((root / path).exists() for path in performance.benchmark_suite):
        yield _job("benchmarks", "", package, where)
    if performance.load.command and performance.load.locust_file(root):
        yield _job("load-test", "load", package, where)


def _job(kind: str, suite: str, package: str, where: MatrixJob) -> BenchmarkJob:
    label = f"{kind}-{package}" if package else kind
    return BenchmarkJob(
        label, suite, package, where.platform, where.runner, where.python_version
    )
