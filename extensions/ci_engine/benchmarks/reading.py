"""Read the times that pytest-benchmark and pytest-codspeed write."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from ci_engine.errors import ToolError


class Measured(msgspec.Struct, frozen=True):
    """One benchmark in one process.

    Attributes:
        seconds: its fastest round.
        group: its group in the suite, may be empty.
    """

    seconds: float
    group: str = ""


class _Stats(msgspec.Struct, frozen=True):
    min: float


class _Benchmark(msgspec.Struct, frozen=True):
    fullname: str
    stats: _Stats
    group: str | None = None


class _PytestBenchmark(msgspec.Struct, frozen=True):
    benchmarks: list[_Benchmark]


class _CodspeedStats(msgspec.Struct, frozen=True):
    min_ns: float


class _CodspeedBenchmark(msgspec.Struct, frozen=True):
    uri: str
    stats: _CodspeedStats


class _Codspeed(msgspec.Struct, frozen=True):
    benchmarks: list[_CodspeedBenchmark]


_File = TypeVar("_File", _PytestBenchmark, _Codspeed)


def read_pytest_benchmark(path: Path) -> Iterator[tuple[str, Measured]]:
    """Read the JSON of pytest-benchmark."""
    for each in _read(path, _PytestBenchmark).benchmarks:
        if is_time(each.stats.min):
            yield each.fullname, Measured(each.stats.min, each.group or "")


def read_codspeed(path: Path) -> Iterator[tuple[str, Measured]]:
    """Read the JSON of pytest-codspeed in walltime mode."""
    for each in _read(path, _Codspeed).benchmarks:
        if is_time(each.stats.min_ns):
            yield each.uri, Measured(each.stats.min_ns / 1e9)


def is_time(seconds: float) -> bool:
    """Whether a value is a usable time: a suite's own timer may return anything."""
    return math.isfinite(seconds) and seconds > 0


def _read(path: Path, kind: type[_File]) -> _File:
    try:
        # An interrupted process leaves an empty file.
        return msgspec.json.decode(path.read_bytes() or b'{"benchmarks":[]}', type=kind)
    except msgspec.DecodeError as error:
        raise ToolError(f"{path.name}: unexpected content: {error}") from error
