"""Flame graphs of interesting benchmarks, and the functions that grew in them."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from ci_engine.benchmarks.counting import memray_for, packages_of
from ci_engine.benchmarks.sides import Observation, Side
from ci_engine.benchmarks.suite_process import SuiteRunner
from ci_engine.environments.isolated_tools import isolated_tool
from ci_engine.errors import ToolError
from ci_engine.findings.benchmark_results import BenchmarkResult, Comparison
from ci_engine.processes.activity import activity
from ci_engine.processes.child_environment import child_variables
from ci_engine.processes.programs import run_program
from ci_engine.project.output_files import prepare_directory
from ci_engine.project.repository import Project

# The frames below these belong to the benchmark, those above to its runner.
_OWN_FRAME = re.compile(r"(^|\.)ci_framework_call \(")
# Before Python 3.12, a comprehension runs as a separate function.
_INNER = re.compile(r"(\.<locals>)?\.?<(listcomp|setcomp|dictcomp|genexpr)>$")
_MOST_BENCHMARKS = 3
_SECONDS = 2.0
_RATE = 200
# Growth below this, as a fraction of all samples, may be chance.
_LEAST_GROWTH = 0.05
_FEWEST_SAMPLES = 50
_MOST_FUNCTIONS = 2
_FLAMEGRAPH_SECONDS = 120.0
_DENIED = re.compile(r"permission denied|operation not permitted|requires root", re.I)
_FRAME = re.compile(r"^(?P<name>.*) \((?P<file>.*?)(?::\d+)?\)$")


class _NoProfileError(Exception):
    """There is no profile, for the given reason."""


@dataclass
class Profiling:
    """Profiles some benchmarks on both sides.

    Attributes:
        directory: the directory for the flame graphs.
        notes: the results, and why something is missing.
    """

    runner: SuiteRunner
    project: Project
    sides: list[Side]
    directory: Path
    notes: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        budget = msgspec.structs.replace(self.runner.budget, benchmark_seconds=_SECONDS)
        self.runner = replace(self.runner, budget=budget)

    def profile(self, comparison: Comparison) -> list[str]:
        """Write the flame graphs, and return notes for readers."""
        chosen = choose(comparison.benchmarks)
        prepare_directory(self.directory, self.project.output)
        for kind in (self._time, self._memory):
            try:
                for number, each in enumerate(chosen, 1):
                    kind(f"{number}-{_file_name(each.name)}", each)
            except (_NoProfileError, ToolError) as error:
                self.notes.append(str(error).splitlines()[0])
        return self.notes

    def _sides_of(self, each: BenchmarkResult) -> Iterator[Side]:
        for side in self.sides:
            if (each.base if side.name == "base" else each.head) is not None:
                yield side

    def _time(self, name: str, each: BenchmarkResult) -> None:
        """Create two flame graphs with py-spy, and compare them."""
        tool = isolated_tool(self.project, "py-spy", self.runner.cancel)
        shares: dict[str, dict[str, float]] = {}
        for side in self._sides_of(each):
            with activity(f"profile of {each.name} on the {side.name}"):
                graph = self.directory / f"{name}-{side.name}.svg"
                self._record(tool.program(), "flamegraph", graph, side, each.name)
                with tempfile.TemporaryDirectory() as directory:
                    raw = Path(directory) / "stacks.txt"
                    self._record(tool.program(), "raw", raw, side, each.name)
                    lines = raw.read_text(encoding="utf-8", errors="replace")
                shares[side.name] = self_shares(lines.splitlines(), side.root)
        self.notes.append(f"profiled: {each.name}: {name}-head.svg")
        if len(shares) == len(self.sides) > 1:
            grown = describe_growth(shares["base"], shares["head"])
            self.notes.append(f"{each.name}: {grown}")

    def _record(
        self, program: str, kind: str, file: Path, side: Side, benchmark: str
    ) -> None:
        with tempfile.TemporaryDirectory() as directory:
            # pixi starts the interpreter itself, so profile its children as well.
            children = ["--subprocesses"] if side.environment.prefix else []
            wrapper = [program, "record", "--format", kind, "--output", str(file)]
            wrapper += ["--rate", str(_RATE), "--full-filenames", "--function"]
            wrapper += [*children, "--"]
            seen = Observation("profile", Path(directory), wrapper=wrapper)
            result = self.runner.run(side, [benchmark], seen)
        if file.is_file() and file.stat().st_size:
            return
        text = result.output or result.problem
        denied = [line for line in text.splitlines() if _DENIED.search(line)]
        if denied:
            raise _NoProfileError(
                "no profiles of py-spy: it may not read other processes here "
                f"(ptrace): {denied[-1].strip()}; a container needs the capability "
                "SYS_PTRACE, macOS needs root"
            )
        last = (text.strip().splitlines() or ["no output"])[-1]
        raise _NoProfileError(f"no profile of {benchmark}: {last}")

    def _memory(self, name: str, each: BenchmarkResult) -> None:
        """Create two flame graphs with memray, of the memory at its peak."""
        for side in self._sides_of(each):
            tool = memray_for(self.project, side, self.runner)
            with (
                activity(f"memory of {each.name} on the {side.name}"),
                tempfile.TemporaryDirectory() as directory,
            ):
                seen = Observation("memory", Path(directory), packages_of(tool))
                self.runner.run(side, [each.name], seen)
                counted = next(Path(directory).rglob("*.bin"), None)
                if counted is None:
                    self.notes.append(f"no memory profile of {each.name}")
                    continue
                graph = self.directory / f"{name}-{side.name}-memory.html"
                command = [tool.program("python"), "-m", "memray", "flamegraph"]
                done = run_program(
                    [
                        *command,
                        "--no-web",
                        "--force",
                        "--output",
                        str(graph),
                        str(counted),
                    ],
                    cwd=side.root,
                    timeout=_FLAMEGRAPH_SECONDS,
                    variables=child_variables(),
                    cancel=self.runner.cancel,
                )
            if done.code != 0:
                reason = done.tail(1) or done.describe_exit()
                raise _NoProfileError(f"no memory profile of {each.name}: {reason}")


def choose(results: Iterable[BenchmarkResult]) -> list[BenchmarkResult]:
    """The benchmarks to profile: regressions, the worst first, else the slowest."""
    measured = [each for each in results if each.head is not None]
    slower = [each for each in measured if each.verdict == "regression"]
    slower.sort(key=lambda each: -(each.ratio or 0.0))
    slowest = sorted(measured, key=lambda each: -(each.head or 0.0))
    return (slower or slowest)[:_MOST_BENCHMARKS]


def self_shares(stacks: Iterable[str], root: Path) -> dict[str, float]:
    """The share of samples in which each function was running.

    Args:
        stacks: lines of py-spy's raw format: frames, separated by semicolons, and
            how often they occurred.
        root: the worktree, the base of file names.

    Returns:
        Fractions by the name and file of the function; empty if there were too few
        samples.
    """
    seen: Counter[str] = Counter()
    for line in stacks:
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        own = [n for n, frame in enumerate(frames) if _OWN_FRAME.search(frame)]
        if own and count.isdigit() and frames[own[-1] + 1 :]:
            seen[_function(frames[-1], root)] += int(count)
    total = sum(seen.values())
    if total < _FEWEST_SAMPLES:
        return {}
    return {name: number / total for name, number in seen.items()}


def describe_growth(base: dict[str, float], head: dict[str, float]) -> str:
    """The functions that take a larger share of the time than before."""
    if not base or not head:
        return "too few samples to compare functions"
    growth = {name: head[name] - base.get(name, 0.0) for name in head}
    grown = sorted(growth, key=lambda name: -growth[name])[:_MOST_FUNCTIONS]
    parts = [
        f"{name} grew from {base.get(name, 0.0):.0%} to {head[name]:.0%} of the time"
        for name in grown
        if growth[name] >= _LEAST_GROWTH
    ]
    return ", ".join(parts) or "no function takes a larger share than before"


def _function(frame: str, root: Path) -> str:
    found = _FRAME.match(frame)
    if found is None:
        return frame
    file = found["file"].replace("\\", "/")
    inside = file.removeprefix(f"{root.as_posix()}/")
    name = _INNER.sub("", found["name"]) or found["name"]
    return f"{name} ({inside.rpartition('site-packages/')[2]})"


def _file_name(benchmark: str) -> str:
    """A name that every file system accepts."""
    test = benchmark.rpartition("::")[2]
    return re.sub(r"[^A-Za-z0-9._-]+", "-", test).strip("-.")[:60] or "benchmark"
