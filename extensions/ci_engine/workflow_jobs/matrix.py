"""The legs of the test matrix: which Python runs where."""

from __future__ import annotations

import json
from collections.abc import Sequence

import msgspec

from ci_engine.configuration.loading import Configuration

__all__ = ["MatrixJob", "as_matrix", "matrix_of", "newest_of", "spot_check_of"]


class MatrixJob(msgspec.Struct, frozen=True, rename="kebab"):
    """One job of the matrix.

    Attributes:
        platform: linux, macos or windows.
        runner: the hosted runner of that platform.
        python_version: a version such as ``3.12``.
    """

    platform: str
    runner: str
    python_version: str


def matrix_of(configuration: Configuration) -> list[MatrixJob]:
    """The legs of the whole matrix.

    Every Python on the first platform; on the others the oldest and the newest,
    where most differences between platforms show.
    """
    versions = _versions(configuration)
    ends = list(dict.fromkeys((versions[0], versions[-1])))
    platforms = dict.fromkeys(configuration.settings.matrix.platforms)
    return [
        MatrixJob(platform, configuration.tiers.runners[platform], version)
        for position, platform in enumerate(platforms)
        for version in (ends if position else versions)
    ]


def spot_check_of(configuration: Configuration) -> list[MatrixJob]:
    """The oldest and the newest Python on the first platform."""
    matrix_jobs = matrix_of(configuration)
    first = [
        matrix_job
        for matrix_job in matrix_jobs
        if matrix_job.platform == matrix_jobs[0].platform
    ]
    return list(dict.fromkeys((first[0], first[-1])))


def newest_of(configuration: Configuration) -> MatrixJob:
    """The newest Python on the first platform: where one leg has to do."""
    return spot_check_of(configuration)[-1]


def as_matrix(matrix_jobs: Sequence[MatrixJob]) -> str:
    """Write legs as GitHub's ``strategy.matrix``, on one line."""
    return json.dumps(
        {"include": [msgspec.to_builtins(matrix_job) for matrix_job in matrix_jobs]}
    )


def _versions(configuration: Configuration) -> list[str]:
    versions = set(configuration.settings.matrix.python_versions)
    return sorted(versions, key=lambda version: int(version.split(".")[1]))
