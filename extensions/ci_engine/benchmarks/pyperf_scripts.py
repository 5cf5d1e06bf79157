"""Run scripts with pyperf, and read their results."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from ci_engine.benchmarks.reading import Measured, is_time
from ci_engine.benchmarks.sides import ProcessResult
from ci_engine.configuration.performance_settings import SuiteBudget
from ci_engine.errors import ToolError
from ci_engine.findings.results import TestCase
from ci_engine.processes.programs import Outcome

# A value of many milliseconds is interrupted on a busy machine; the fastest of
# several short ones is not.
_VALUES = 10
_IN_PROCESS = "unrecognized arguments: --in-process"


class _Metadata(msgspec.Struct, frozen=True):
    name: str = ""
    unit: str = ""


class _Run(msgspec.Struct, frozen=True):
    values: list[float] = []


class _Benchmark(msgspec.Struct, frozen=True):
    runs: list[_Run]
    metadata: _Metadata = _Metadata()


class _Suite(msgspec.Struct, frozen=True):
    benchmarks: list[_Benchmark]
    # The part that all benchmarks have in common is only here.
    metadata: _Metadata = _Metadata()


def pyperf_arguments(budget: SuiteBudget, file: Path) -> list[str]:
    """The options of a short run in one process, with results in a file."""
    values = max(budget.rounds, _VALUES)
    each = budget.benchmark_seconds / values
    return [
        *("--quiet", "--processes", "1", "--warmups", "1", "--output", str(file)),
        *("--values", str(values), "--min-time", f"{each:.6f}"),
    ]


def lacks_in_process(outcome: Outcome) -> bool:
    """Whether this version of pyperf always measures in a new process."""
    return outcome.code != 0 and _IN_PROCESS in outcome.stderr


def read_pyperf(file: Path, script: str) -> Iterator[tuple[str, Measured]]:
    """Read the JSON of pyperf."""
    try:
        suite = msgspec.json.decode(file.read_bytes(), type=_Suite)
    except FileNotFoundError:
        return
    except msgspec.DecodeError as error:
        raise ToolError(f"{script}: unexpected output of pyperf: {error}") from error
    for each in suite.benchmarks:
        values = [value for run in each.runs for value in run.values]
        name = each.metadata.name or suite.metadata.name
        unit = each.metadata.unit or suite.metadata.unit or "second"
        if values and unit == "second" and is_time(min(values)):
            yield f"{script}::{name}", Measured(min(values))


def judge_script(
    outcome: Outcome, script: str, times: dict[str, Measured]
) -> ProcessResult:
    """Judge a script: an exception is a failure; a crash ends the suite."""
    if outcome.code == 0:
        output = "" if times else outcome.tail(25)
        return ProcessResult(times, output=output)
    output = outcome.tail(25)
    if outcome.code == 1 and not outcome.timed_out:
        message = outcome.tail(1)
        failed = TestCase(id=script, outcome="failed", path=script, message=message)
        return ProcessResult(failed=[failed], output=output)
    problem = f"{outcome.describe_exit()} during {script}"
    return ProcessResult(problem=problem, timed_out=outcome.timed_out, output=output)
