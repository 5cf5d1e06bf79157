"""Settings of the test matrix: Python versions, platforms and shards."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from ci_engine.configuration.value_types import PythonVersion, StrictTable

Platform = Literal["linux", "macos", "windows"]
# Whether there is such a job, and whether its failure fails the workflow.
Participation = Literal["none", "advisory", "required"]
# GitHub allows 256 jobs per matrix.
MOST_SHARDS = 32
Shards = Annotated[int, msgspec.Meta(ge=1, le=MOST_SHARDS)]
_Pythons = Annotated[list[PythonVersion], msgspec.Meta(min_length=1)]
_Platforms = Annotated[list[Platform], msgspec.Meta(min_length=1)]


class MatrixAnswers(StrictTable, frozen=True):
    """Template answers in the framework's block, in a table of its own.

    Attributes:
        python_versions: the answer python_versions; matrix.python-versions takes
            precedence.
        platforms: the answer platforms; matrix.platforms takes precedence.
    """

    python_versions: _Pythons | None = None
    platforms: _Platforms | None = None


class Matrix(StrictTable, frozen=True):
    """The test matrix: all Pythons on the first platform, oldest and newest elsewhere.

    Attributes:
        python_versions: versions such as ``3.12``.
        platforms: linux, macos, windows.
        shards: the number of runners that share the tests of each matrix job.
        lowest_direct: whether a job tests the oldest Python with the lowest versions
            of the direct dependencies; advisory = its failure is reported, but does
            not fail the workflow.
        free_threaded: whether a job tests the free-threaded build of the newest
            Python; advisory as for lowest-direct.
        answers: the answers of the template, which the other keys override.
    """

    python_versions: _Pythons
    platforms: _Platforms
    shards: Shards
    lowest_direct: Participation
    free_threaded: Participation
    answers: MatrixAnswers = MatrixAnswers()
