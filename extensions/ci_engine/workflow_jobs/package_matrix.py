"""Plan the matrices of ``monorepo.yml``: packages, their Pythons and shards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from ci_engine.configuration.loading import Configuration
from ci_engine.configuration.settings import CheckName
from ci_engine.monorepo.package_model import Graph, Package
from ci_engine.project.requires_python import allows_python
from ci_engine.workflow_jobs.jobs import ON_THE_MATRIX, MatrixJob, on_first_platform

# GitHub allows 256 jobs per matrix; some are reserved for others.
_MOST_JOBS = 200


class PackageJob(MatrixJob, frozen=True, rename="kebab", kw_only=True):
    """One job in the matrix of packages.

    Attributes:
        label: the name of the job and of its report.
        package: the packages to check, comma-separated.
        checks: the checks to run, comma-separated.
        shard: the shard of the tests to run, as in 2/3; empty = all of them.
        part: the suffix of its report, if it runs a part of the tests.
        suffix: the suffix of its name.
    """

    label: str
    package: str
    checks: str
    shard: str = ""
    part: str = ""
    suffix: str = ""


class ShardJob(msgspec.Struct, frozen=True):
    """A shard whose report is combined with others.

    Attributes:
        label: the name of its report.
    """

    label: str
    shard: str
    package: str
    checks: str


@dataclass(frozen=True)
class PackageMatrix:
    """Plans the jobs of packages.

    Attributes:
        test_files: the number of test files in each package.
    """

    graph: Graph
    configuration: Configuration
    test_files: Mapping[str, int]

    def jobs(
        self, names: Sequence[str], checks: Sequence[CheckName]
    ) -> list[PackageJob]:
        """A job for each package and Python, and more for shards of tests.

        If there are too many, they have fewer shards, then none; then packages share
        jobs.
        """
        most = self.configuration.settings.matrix.shards if "test" in checks else 1
        for shards in range(most, 1, -1):
            planned = [
                job
                for name in names
                for where in self._matrix_jobs(name)
                for job in self._divided(name, where, checks, shards)
            ]
            if len(planned) <= _MOST_JOBS:
                return planned
        return self._grouped(names, checks)

    def _matrix_jobs(self, name: str) -> list[MatrixJob]:
        return matrix_jobs_of(self.graph.by_name[name], self.configuration)

    def _grouped(
        self, names: Sequence[str], checks: Sequence[CheckName]
    ) -> list[PackageJob]:
        """A job for each package and Python; with too many, packages share jobs."""
        by_job: dict[MatrixJob, list[str]] = {}
        for name in names:
            for where in self._matrix_jobs(name):
                by_job.setdefault(where, []).append(name)
        size = -(-sum(map(len, by_job.values())) // _MOST_JOBS) or 1
        return [
            _package_job(where, group, checks)
            for where, members in by_job.items()
            for group in (members[i : i + size] for i in range(0, len(members), size))
        ]

    def _divided(
        self, name: str, where: MatrixJob, checks: Sequence[CheckName], shards: int
    ) -> Iterator[PackageJob]:
        """The jobs of one package: its tests in shards, its other checks in one job."""
        shards = min(shards, self.test_files.get(name, 0))
        if shards <= 1:
            yield _package_job(where, [name], checks)
            return
        others = [check for check in checks if check not in ON_THE_MATRIX]
        if others:
            yield _package_job(where, [name], others)
        tests = [check for check in checks if check in ON_THE_MATRIX]
        for index in range(1, shards + 1):
            yield msgspec.structs.replace(
                _package_job(where, [name], tests),
                shard=f"{index}/{shards}",
                part=f"-{index}-of-{shards}",
                suffix=f" ({index}/{shards})",
            )


def _package_job(
    where: MatrixJob, group: Sequence[str], checks: Sequence[CheckName]
) -> PackageJob:
    others = len(group) - 1
    return PackageJob(
        where.platform,
        where.runner,
        where.python_version,
        label=f"{group[0]}-and-{others}-more" if others else group[0],
        package=",".join(group),
        checks=",".join(checks),
    )


def shards_of(jobs: Sequence[PackageJob], prefix: str = "") -> list[ShardJob]:
    """The shards in a list of jobs.

    Args:
        jobs: the jobs of one matrix.
        prefix: the prefix of their reports' labels.
    """
    return [
        ShardJob(
            f"{prefix}{job.label}-{job.platform}-py{job.python_version}{job.part}",
            job.shard,
            job.package,
            job.checks,
        )
        for job in jobs
        if job.shard
    ]


def matrix_jobs_of(package: Package, configuration: Configuration) -> list[MatrixJob]:
    """The oldest and the newest Python that a package allows, as matrix jobs."""
    matrix_jobs = on_first_platform(configuration)
    fit = [
        matrix_job
        for matrix_job in matrix_jobs
        if allows_python(package.requires_python, matrix_job.python_version)
    ] or matrix_jobs[-1:]
    return list(dict.fromkeys((fit[0], fit[-1])))
