"""Where CI tests, and over how many runners it spreads the tests."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from ci_engine.configuration.value_types import PythonVersion, StrictTable

Platform = Literal["linux", "macos", "windows"]
# Whether there is such a job, and whether its failure makes the workflow red.
Participation = Literal["none", "advisory", "required"]
# GitHub takes 256 jobs of one matrix.
MOST_SHARDS = 32
Shards = Annotated[int, msgspec.Meta(ge=1, le=MOST_SHARDS)]
_Pythons = Annotated[list[PythonVersion], msgspec.Meta(min_length=1)]
_Platforms = Annotated[list[Platform], msgspec.Meta(min_length=1)]


class MatrixAnswers(StrictTable, frozen=True):
    """What the framework's block sets, in a table that the project does not write.

    Attributes:
        python_versions: the answer python_versions; matrix.python-versions counts
            first.
        platforms: the answer platforms; matrix.platforms counts first.
    """

    python_versions: _Pythons | None = None
    platforms: _Platforms | None = None


class Matrix(StrictTable, frozen=True):
    """Where CI tests: every Python on the first platform, the ends elsewhere.

    Attributes:
        python_versions: versions such as ``3.12``.
        platforms: linux, macos, windows.
        shards: over how many runners the tests of each matrix job are divided.
        lowest_direct: whether a job tests the oldest Python with the lowest versions
            of the direct dependencies; advisory = its failure is reported, and does
            not make the workflow red.
        free_threaded: the same for a job with the free-threaded build of the newest
            Python.
        answers: the answers of the template, which the other keys replace.
    """

    python_versions: _Pythons
    platforms: _Platforms
    shards: Shards
    lowest_direct: Participation
    free_threaded: Participation
    answers: MatrixAnswers = MatrixAnswers()
