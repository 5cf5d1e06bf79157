"""Durations of tests, recorded on the default branch and used to balance shards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from ci_engine.findings.results import TestCase
from ci_engine.project.output_files import write_text

# A higher precision would change the file with every run.
_DIGITS = 3


class _Durations(msgspec.Struct, frozen=True, kw_only=True):
    schema: Literal[1] = 1
    seconds: dict[str, float] = msgspec.field(default_factory=dict[str, float])


def read_durations(path: Path) -> dict[str, float]:
    """Read the seconds of each test; empty if none were recorded.

    An unreadable file counts as empty: tests are then divided without it.
    """
    try:
        found = msgspec.json.decode(path.read_bytes(), type=_Durations)
    except (OSError, msgspec.DecodeError):
        return {}
    return {name: taken for name, taken in found.seconds.items() if taken >= 0}


def merge_durations(
    before: Mapping[str, float], tests: Iterable[TestCase], *, complete: bool
) -> dict[str, float]:
    """Merge in the new durations, the longest where several machines ran a test.

    Args:
        before: the recorded durations.
        tests: the tests that ran.
        complete: whether these are all tests, so that others are removed.
    """
    now: dict[str, float] = {}
    for test in tests:
        if test.seconds > 0:
            longest = max(test.seconds, now.get(test.id, 0.0))
            now[test.id] = round(longest, _DIGITS)
    return now if complete else {**before, **now}


def write_durations(path: Path, seconds: Mapping[str, float]) -> None:
    """Write the seconds of each test."""
    found = _Durations(seconds=dict(sorted(seconds.items())))
    write_text(path, msgspec.json.encode(found).decode() + "\n")
