"""What tests need, and what the places that say so are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from packaging.requirements import InvalidRequirement, Requirement

from ci_engine.project.repository import normalize

# What groups, extras and files for tests are called, and those for all work.
TEST_NAMES = ("test", "tests", "testing", "pytest", "unittest", "unit-tests")
WORK_NAMES = ("dev", "develop", "development", "dev-dependencies", "ci")
Source = Literal["extra", "group", "file", "poetry", "pixi", "other"]


@dataclass(frozen=True)
class Need:
    """Something that the tests need.

    Attributes:
        words: the arguments of an installer.
        because: where the project says so.
        tests: whether it is for the tests, not for all work on the project.
    """

    words: tuple[str, ...]
    because: str
    tests: bool
    source: Source = "other"
    name: str = ""


def is_for_tests(name: str) -> bool | None:
    """Whether a name means tests (True), all work (False) or something else."""
    plain = normalize(name)
    if plain in TEST_NAMES:
        return True
    return False if plain in WORK_NAMES else None


def is_requirement(requirement: str) -> bool:
    """Whether an installer could read it."""
    try:
        return bool(Requirement(requirement))
    except InvalidRequirement:
        return False
