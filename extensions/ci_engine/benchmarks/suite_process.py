"""Run the benchmarks of one side once, in a separate process."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import msgspec

from ci_engine.benchmarks.pyperf_scripts import (
    judge_script,
    lacks_in_process,
    pyperf_arguments,
    read_pyperf,
)
from ci_engine.benchmarks.reading import Measured, read_codspeed, read_pytest_benchmark
from ci_engine.benchmarks.sides import Observation, ProcessResult, Side
from ci_engine.checks.tests.pytest_events import TestRun, read_events
from ci_engine.configuration.performance_settings import SuiteBudget
from ci_engine.environments import inside
from ci_engine.processes.leftovers import MARK_VARIABLE, inner_mark
from ci_engine.processes.programs import Outcome, run_program
from ci_engine.project.output_files import write_text

# Fix the order of sets and dictionaries in every process.
_HASH_SEED = "0"
# pytest: all passed, some failed, none were collected.
_USUAL = (0, 1, 5)
_TIMES = "benchmarks.json"


_Run = Callable[[Side, Path, Collection[str], Observation | None], ProcessResult]


@dataclass(frozen=True)
class SuiteRunner:
    """Runs the suites of a side: one process for pytest, one for each of the others.

    Attributes:
        arguments: additional arguments for pytest.
        owners: the suite of each benchmark, if it is known.
    """

    budget: SuiteBudget
    arguments: Sequence[str]
    cancel: threading.Event
    owners: dict[str, str] = field(default_factory=dict[str, str])

    def run(
        self,
        side: Side,
        only: Collection[str] = (),
        observation: Observation | None = None,
    ) -> ProcessResult:
        """Run all benchmarks of a side once, or some of them."""
        together = ProcessResult()
        for number, (suite, run) in enumerate(self._suites(side)):
            wanted = [name for name in only if self.owners.get(name, suite) == suite]
            if only and not wanted:
                continue
            seen = observation.below(number) if observation is not None else None
            # Outside of the worktree, whose content a suite may examine.
            with tempfile.TemporaryDirectory(
                prefix="ci-framework-process-", ignore_cleanup_errors=True
            ) as name:
                result = run(side, Path(name), wanted, seen)
            self.owners.update(dict.fromkeys(result.times, suite))
            together = together.joined(result)
        return together

    def _suites(self, side: Side) -> Iterator[tuple[str, _Run]]:
        if side.kinds.pytest:
            yield "pytest", self._pytest
        for directory in side.kinds.asv:
            yield directory, partial(self._asv, directory)
        for script in side.kinds.pyperf:
            yield script, partial(self._pyperf, script)

    def _pytest(
        self,
        side: Side,
        directory: Path,
        only: Collection[str],
        observation: Observation | None,
    ) -> ProcessResult:
        pytest = side.environment.module("pytest") or ()
        command = [*pytest, *side.kinds.pytest, f"--rootdir={side.root}"]
        command += ["--color=no", "-p", "ci_framework_pytest"]
        command += ["-p", "ci_framework_benchmarks", "-p", "no:cacheprovider"]
        command += self.arguments
        if "pytest_benchmark" in side.environment.probe.modules:
            command += [f"--benchmark-json={directory / _TIMES}"]
        else:
            command += ["--codspeed", "--codspeed-mode=walltime"]
        if observation is not None:
            command += ["-p", "ci_framework_observed"]
        return self._judged(command, side, directory, only, observation)

    def _asv(
        self,
        suite: str,
        side: Side,
        directory: Path,
        only: Collection[str],
        observation: Observation | None,
    ) -> ProcessResult:
        environment = side.environment
        command = [*environment.prefix, environment.probe.executable]
        command += [str(inside.DIRECTORY / "asv_suite.py"), str(side.root / suite)]
        command += [str(side.root), str(directory / _TIMES)]
        return self._judged(command, side, directory, only, observation)

    def _pyperf(
        self,
        script: str,
        side: Side,
        directory: Path,
        only: Collection[str],
        observation: Observation | None,
    ) -> ProcessResult:
        if observation is not None and observation.kind != "profile":
            return ProcessResult()
        environment = side.environment
        file = directory / _TIMES
        command = [*environment.prefix, environment.probe.executable, script]
        command += pyperf_arguments(self.budget, file)
        outcome = self._start(
            [*command, "--in-process"], side, directory, (), observation
        )
        if lacks_in_process(outcome):
            outcome = self._start(command, side, directory, (), observation)
        times = dict(read_pyperf(file, script)) if outcome.code == 0 else {}
        if only:
            times = {name: time for name, time in times.items() if name in only}
        return judge_script(outcome, script, times)

    def _judged(
        self,
        command: Sequence[str],
        side: Side,
        directory: Path,
        only: Collection[str],
        observation: Observation | None,
    ) -> ProcessResult:
        """Run a command that writes events and times, and judge it by those."""
        outcome = self._start(command, side, directory, only, observation)
        events = read_events(directory / "events.jsonl")
        return _judge(outcome, events, dict(_times(directory)))

    def _start(
        self,
        command: Sequence[str],
        side: Side,
        directory: Path,
        only: Collection[str],
        observation: Observation | None,
    ) -> Outcome:
        variables = self._variables(side, directory, only)
        if observation is not None:
            command = [*observation.wrapper, *command]
            variables |= observation.variables
        return run_program(
            command,
            cwd=side.root,
            timeout=self.budget.process_seconds,
            variables=variables,
            cancel=self.cancel,
        )

    def _variables(
        self, side: Side, directory: Path, only: Collection[str]
    ) -> dict[str, str]:
        variables = {
            **side.environment.variables,
            "CI_ENGINE_BENCHMARK_SECONDS": str(self.budget.benchmark_seconds),
            "CI_ENGINE_BENCHMARK_ROUNDS": str(self.budget.rounds),
            "CI_ENGINE_PYTEST_EVENTS": str(directory / "events.jsonl"),
            "CI_ENGINE_PYTEST_DEADLINE": f"{time.time() + self.budget.process_seconds}",
            "CI_ENGINE_ROOT": str(side.root),
            MARK_VARIABLE: inner_mark(directory.name, side.environment.variables),
            "CODSPEED_PROFILE_FOLDER": str(directory),
            "PYTHONHASHSEED": _HASH_SEED,
        }
        plugin = str(inside.DIRECTORY / "pytest_plugin")
        own = variables.get("PYTHONPATH", "")
        variables["PYTHONPATH"] = os.pathsep.join(filter(None, (plugin, own)))
        variables.pop("PYTEST_ADDOPTS", None)
        if only:
            selection = directory / "selection.json"
            write_text(selection, msgspec.json.encode(sorted(only)).decode())
            variables["CI_ENGINE_BENCHMARK_SELECTION"] = str(selection)
        return variables


def _times(directory: Path) -> Iterator[tuple[str, Measured]]:
    file = directory / _TIMES
    if file.is_file():
        yield from read_pytest_benchmark(file)
    for path in sorted((directory / "results").glob("*.json")):
        yield from read_codspeed(path)


def _judge(
    outcome: Outcome, events: TestRun, times: dict[str, Measured]
) -> ProcessResult:
    failed = [t for t in events.tests if t.outcome in ("failed", "error")]
    failed += events.collection
    problem = ""
    if not events.finished or outcome.code not in _USUAL:
        running = ", ".join(test.id for test in events.running)
        during = f" during {running}" if running else ""
        problem = f"{outcome.describe_exit()}{during}"
    output = outcome.tail(25) if failed or problem or not times else ""
    return ProcessResult(times, failed, problem, outcome.timed_out, output)
