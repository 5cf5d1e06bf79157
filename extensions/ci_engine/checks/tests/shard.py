"""A shard of the tests: its input and its record."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from ci_engine.errors import UsageError
from ci_engine.project.output_files import write_text

RECORD_NAME = "shard.json"


@dataclass(frozen=True)
class Shard:
    """One of several parts of the tests with about equal durations.

    Attributes:
        index: its number, from 1.
        count: the number of shards.
        seconds: recorded durations of tests, by their ids.
    """

    index: int
    count: int
    seconds: Mapping[str, float] = field(default_factory=dict[str, float])

    def write_plan(self, path: Path) -> Path:
        """Write it for our pytest plugin."""
        plan = {"index": self.index, "count": self.count, "seconds": {**self.seconds}}
        write_text(path, json.dumps(plan))
        return path


@dataclass
class Units:
    """The units of division: tests, or groups of tests that stay together."""

    here: dict[str, None] = field(default_factory=dict[str, None])
    others: dict[str, None] = field(default_factory=dict[str, None])

    def add(self, run: int, here: Iterable[str], others: Iterable[str]) -> None:
        """Add the units of one of several pytest runs."""
        suffix = f" (run {run})" if run > 1 else ""
        self.here |= {f"{name}{suffix}": None for name in here}
        self.others |= {f"{name}{suffix}": None for name in others}


class ShardRecord(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """What a shard ran and what it left to others, stored beside its report.

    Attributes:
        here: the units that it ran.
        others: the units that it left to other shards.
    """

    schema: Literal[1] = 1
    index: int
    count: int
    here: list[str]
    others: list[str]


def parse_shard(text: str, seconds: Mapping[str, float]) -> Shard:
    """Parse a shard such as ``2/3``.

    Raises:
        UsageError: if it is invalid.
    """
    index, _, count = text.partition("/")
    shard = Shard(int(index), int(count), seconds)
    if shard.index > shard.count:
        raise UsageError(
            f"--shard: expected a shard from 1/{count} to {count}/{count}, got {text}",
            hint="give the number of the shard and the number of shards",
        )
    return shard


def write_record(directory: Path, shard: Shard, units: Units) -> None:
    """Write the record of a shard beside its report."""
    record = ShardRecord(
        index=shard.index,
        count=shard.count,
        here=sorted(units.here),
        others=sorted(units.others),
    )
    write_text(directory / RECORD_NAME, msgspec.json.encode(record).decode())
