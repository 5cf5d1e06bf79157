"""Test requirements, and the names of the locations that declare them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from packaging.requirements import InvalidRequirement, Requirement

from ci_engine.project.repository import normalize

# The names of groups, extras and files for tests, and for development in general.
TEST_NAMES = ("test", "tests", "testing", "pytest", "unittest", "unit-tests")
WORK_NAMES = ("dev", "develop", "development", "dev-dependencies", "ci")
Source = Literal["extra", "group", "file", "poetry", "pixi", "other"]


@dataclass(frozen=True)
class Need:
    """A requirement of the tests.

    Attributes:
        words: the argument list for an installer.
        because: the location that declares it.
        tests: whether it is for tests, not for development in general.
    """

    words: tuple[str, ...]
    because: str
    tests: bool
    source: Source = "other"
    name: str = ""


def is_for_tests(name: str) -> bool | None:
    """Whether a name means tests (True), development in general (False) or neither."""
    plain = normalize(name)
    if plain in TEST_NAMES:
        return True
    return False if plain in WORK_NAMES else None


def is_requirement(requirement: str) -> bool:
    """Whether an installer could parse it."""
    try:
        return bool(Requirement(requirement))
    except InvalidRequirement:
        return False
