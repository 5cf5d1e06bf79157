"""The matrix jobs for tests: Pythons, platforms, shards and optional jobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from ci_engine.changes.decision import Decision
from ci_engine.configuration.loading import Configuration
from ci_engine.configuration.matrix_settings import Participation
from ci_engine.configuration.tables import table
from ci_engine.errors import ConfigurationError
from ci_engine.project.repository import Project
from ci_engine.workflow_jobs.jobs import Jobs, MatrixJob, on_first_platform

# The suffix of free-threaded versions, and the first one that is supported.
_FREE_THREADED, _FIRST_MINOR = "t", 14


class SuiteJob(MatrixJob, frozen=True, rename="kebab"):
    """One job of the matrix of the tests.

    Attributes:
        label: the name of its report.
        part: the suffix of its report, if several have this Python and platform.
        suffix: the suffix of its name.
        shard: the shard of the tests to run, as in 2/3; empty = all of them.
        resolution: which versions of the direct dependencies to install.
        advisory: whether its failure does not fail the workflow.
    """

    label: str
    part: str = ""
    suffix: str = ""
    shard: str = ""
    resolution: str = "highest"
    advisory: bool = False

    @property
    def title(self) -> str:
        """The name for display."""
        return f"{super().title}{self.suffix}"


def with_suite_jobs(
    jobs: Jobs, project: Project, decision: Decision, configuration: Configuration
) -> Jobs:
    """Divide the tests into shards, and add the optional jobs."""
    shards = _shards(decision, configuration)
    planned = [each for job in jobs.matrix_jobs for each in _divided(job, shards)]
    optional, impossible = _optional_jobs(project, configuration)
    skips = dict(jobs.skips)
    without = skips.get("comprehensive-tests", "")
    if without or shards == 1:
        skips["combined-tests"] = without or "the tests are not divided among shards"
    return msgspec.structs.replace(
        jobs, matrix_jobs=[*planned, *optional], skips=skips, impossible=impossible
    )


def _shards(decision: Decision, configuration: Configuration) -> int:
    """The number of shards; a few test files need no more than one each."""
    shards = configuration.settings.matrix.shards
    tests = decision.tests
    few = len(tests.paths) if tests.mode == "some" and tests.paths else shards
    return max(1, min(shards, few))


def _label(job: MatrixJob) -> str:
    return f"{job.platform}-py{job.python_version}"


def _divided(job: MatrixJob, shards: int) -> Iterator[SuiteJob]:
    where = job.platform, job.runner, job.python_version
    if shards == 1:
        yield SuiteJob(*where, label=_label(job))
        return
    for index in range(1, shards + 1):
        yield SuiteJob(
            *where,
            label=f"{_label(job)}-{index}-of-{shards}",
            part=f"-{index}-of-{shards}",
            suffix=f" ({index}/{shards})",
            shard=f"{index}/{shards}",
        )


def _optional_jobs(
    project: Project, configuration: Configuration
) -> tuple[Sequence[SuiteJob], Mapping[str, str]]:
    """The requested optional jobs, and why some of them are impossible."""
    matrix = configuration.settings.matrix
    every = on_first_platform(configuration)
    jobs: list[SuiteJob] = []
    impossible: dict[str, str] = {}
    if matrix.lowest_direct != "none":
        if project.manager == "pixi":
            because = "pixi cannot resolve the lowest versions of dependencies"
            _refuse_if_required("lowest-direct", matrix.lowest_direct, because)
            impossible["lowest-direct"] = because
        else:
            jobs.append(_lowest_direct(every[0], matrix.lowest_direct))
    if matrix.free_threaded != "none":
        because = _no_free_threading(project, configuration, every[-1])
        if because:
            _refuse_if_required("free-threaded", matrix.free_threaded, because)
            impossible["free-threaded"] = because
        else:
            jobs.append(_free_threaded(every[-1], matrix.free_threaded))
    return jobs, impossible


def _refuse_if_required(name: str, participation: Participation, reason: str) -> None:
    """Refuse to skip a required job that is impossible.

    Raises:
        ConfigurationError: if the job is required.
    """
    if participation == "required":
        raise ConfigurationError(
            f"tool.ci-framework.matrix.{name}: expected none or advisory, "
            f"got 'required': {reason}",
            hint='set it to "advisory" or "none"',
        )


def _lowest_direct(job: MatrixJob, participation: Participation) -> SuiteJob:
    return SuiteJob(
        job.platform,
        job.runner,
        job.python_version,
        label=f"{_label(job)}-lowest-direct",
        part="-lowest-direct",
        suffix=", lowest direct dependencies",
        resolution="lowest-direct",
        advisory=participation == "advisory",
    )


def _free_threaded(job: MatrixJob, participation: Participation) -> SuiteJob:
    version = f"{job.python_version}{_FREE_THREADED}"
    return SuiteJob(
        job.platform,
        job.runner,
        version,
        label=f"{job.platform}-py{version}",
        suffix=" (free-threaded)",
        advisory=participation == "advisory",
    )


def _no_free_threading(
    project: Project, configuration: Configuration, newest: MatrixJob
) -> str:
    """Why there is no free-threaded job, empty if there is one."""
    minor = int(newest.python_version.partition(".")[2])
    if minor < _FIRST_MINOR:
        return f"no Python of the matrix is 3.{_FIRST_MINOR} or newer"
    if project.manager != "pixi":
        return ""
    named = configuration.settings.environments.test
    version = f"{newest.python_version}{_FREE_THREADED}".replace(".", "")
    name = named.replace("{python}", version)
    if name in table(project.pixi, "environments"):
        return ""
    return f"pixi has no environment {name or version} with python-freethreading"
