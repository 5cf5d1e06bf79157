"""Run the benchmarks of one side once, in a process of its own."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from ci_engine.benchmarks.reading import Measured, read_codspeed, read_pytest_benchmark
from ci_engine.checks.tests.pytest_events import TestRun, read_events
from ci_engine.configuration.performance_settings import SuiteBudget
from ci_engine.environments import inside
from ci_engine.environments.environment import Environment
from ci_engine.findings.results import TestCase
from ci_engine.processes.programs import Outcome, run_program
from ci_engine.project.output_files import write_text

# Sets and dictionaries have the same order in every process.
_HASH_SEED = "0"
# pytest: all passed, some failed, none were collected.
_USUAL = (0, 1, 5)


@dataclass(frozen=True)
class Side:
    """One of the two sides.

    Attributes:
        root: its worktree.
        paths: the files and directories with benchmarks that it has.
    """

    name: str
    root: Path
    environment: Environment
    paths: Sequence[str]


@dataclass(frozen=True)
class Observation:
    """What a process does besides running: it is not timed.

    Attributes:
        kind: memory, instructions or profile.
        directory: where the process writes what it counted.
        packages: a directory with packages that the environment may lack.
        wrapper: the command that runs the process, empty if it runs by itself.
    """

    kind: str
    directory: Path
    packages: str = ""
    wrapper: Sequence[str] = ()

    @property
    def variables(self) -> dict[str, str]:
        """What the process has to know."""
        # Every allocation of Python is one of the system, and counted.
        malloc = {"PYTHONMALLOC": "malloc"} if self.kind == "memory" else {}
        return {
            "CI_ENGINE_COUNTING": self.kind,
            "CI_ENGINE_COUNTING_DIRECTORY": str(self.directory),
            "CI_ENGINE_COUNTING_PACKAGES": self.packages,
            **malloc,
        }


@dataclass(frozen=True)
class ProcessResult:
    """What one process measured.

    Attributes:
        times: every measured benchmark by its name.
        failed: benchmarks that failed, and files that could not be collected.
        problem: why the process did not come to its end; empty if it did.
        timed_out: whether that is because it took too long.
        output: the end of its output, if something failed.
    """

    times: dict[str, Measured] = field(default_factory=dict[str, Measured])
    failed: list[TestCase] = field(default_factory=list[TestCase])
    problem: str = ""
    timed_out: bool = False
    output: str = ""


@dataclass(frozen=True)
class SuiteRunner:
    """Runs processes of the suite."""

    budget: SuiteBudget
    arguments: Sequence[str]
    cancel: threading.Event

    def run(
        self,
        side: Side,
        only: Collection[str] = (),
        observation: Observation | None = None,
    ) -> ProcessResult:
        """Run all benchmarks of a side once, or some of them."""
        # Outside of the worktree: a suite may look at what is in there.
        with tempfile.TemporaryDirectory(
            prefix="ci-framework-process-", ignore_cleanup_errors=True
        ) as name:
            directory = Path(name)
            command = self._command(side, directory)
            variables = self._variables(side, directory, only)
            if observation is not None:
                command = [*observation.wrapper, *command]
                command += ["-p", "ci_framework_observed"]
                variables |= observation.variables
            outcome = run_program(
                command,
                cwd=side.root,
                timeout=self.budget.process_seconds,
                variables=variables,
                cancel=self.cancel,
            )
            events = read_events(directory / "events.jsonl")
            times = dict(_times(directory))
        return _judge(outcome, events, times)

    def _command(self, side: Side, directory: Path) -> list[str]:
        modules = side.environment.probe.modules
        pytest = side.environment.module("pytest") or ()
        command = [*pytest, *side.paths, f"--rootdir={side.root}", "--color=no"]
        command += ["-p", "ci_framework_pytest", "-p", "ci_framework_benchmarks"]
        command += ["-p", "no:cacheprovider", *self.arguments]
        if "pytest_benchmark" in modules:
            return [*command, f"--benchmark-json={directory / 'benchmarks.json'}"]
        return [*command, "--codspeed", "--codspeed-mode=walltime"]

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
    file = directory / "benchmarks.json"
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
