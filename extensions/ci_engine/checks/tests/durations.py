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


def _seconds_of(tests: Iterable[TestCase]) -> dict[str, float]:
    """The durations of tests, the longest one where several machines ran a test."""
    now: dict[str, float] = {}
    for test in tests:
        if test.seconds > 0:
            longest = max(test.seconds, now.get(test.id, 0.0))
            now[test.id] = round(longest, _DIGITS)
    return now


def durations_below(known: Mapping[str, float], prefix: str) -> dict[str, float]:
    """The durations of one package, by the ids that its tests have in it.

    Args:
        known: durations by ids relative to the root of the repository.
        prefix: the path prefix of the package; empty = the repository.
    """
    return {
        name.removeprefix(prefix): seconds
        for name, seconds in known.items()
        if name.startswith(prefix)
    }


def renew_durations(path: Path, tests: Iterable[TestCase], *, complete: bool) -> None:
    """Record the new durations of tests.

    Args:
        path: the file.
        tests: the tests that ran, with ids relative to the root of the repository.
        complete: whether these are all tests, so that others are removed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    known = {} if complete else read_durations(path)
    found = _Durations(seconds=dict(sorted({**known, **_seconds_of(tests)}.items())))
    write_text(path, msgspec.json.encode(found).decode() + "\n")
