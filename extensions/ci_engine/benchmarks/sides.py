"""The input and the result of a suite's process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ci_engine.benchmarks.reading import Measured
from ci_engine.benchmarks.suite_kinds import SuiteKinds
from ci_engine.environments.environment import Environment
from ci_engine.findings.results import TestCase


@dataclass(frozen=True)
class Side:
    """One of the two sides.

    Attributes:
        root: its worktree.
        paths: its existing files and directories with benchmarks.
        kinds: the kinds of suites in them.
    """

    name: str
    root: Path
    environment: Environment
    paths: Sequence[str]
    kinds: SuiteKinds


@dataclass(frozen=True)
class Observation:
    """What a process records besides running; such a process is not timed.

    Attributes:
        kind: memory, instructions or profile.
        directory: the directory for the counts of the process.
        packages: a directory with packages that the environment may lack.
        wrapper: the command that runs the process, empty if it runs by itself.
    """

    kind: str
    directory: Path
    packages: str = ""
    wrapper: Sequence[str] = ()

    def below(self, number: int) -> Observation:
        """The same with a subdirectory, for one of several suites."""
        directory = self.directory / str(number)
        directory.mkdir(exist_ok=True)
        return replace(self, directory=directory)

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables for the process."""
        # Python's allocator is bypassed, so that every allocation is counted.
        malloc = {"PYTHONMALLOC": "malloc"} if self.kind == "memory" else {}
        return {
            "CI_ENGINE_COUNTING": self.kind,
            "CI_ENGINE_COUNTING_DIRECTORY": str(self.directory),
            "CI_ENGINE_COUNTING_PACKAGES": self.packages,
            **malloc,
        }


@dataclass(frozen=True)
class ProcessResult:
    """The result of one process.

    Attributes:
        times: every measured benchmark by its name.
        failed: benchmarks that failed, and files that could not be collected.
        problem: why the process did not finish; empty if it did.
        timed_out: whether it took too long.
        output: the last output, if something failed.
    """

    times: dict[str, Measured] = field(default_factory=dict[str, Measured])
    failed: list[TestCase] = field(default_factory=list[TestCase])
    problem: str = ""
    timed_out: bool = False
    output: str = ""

    def joined(self, other: ProcessResult) -> ProcessResult:
        """Merge the results of two suites of a side."""
        return ProcessResult(
            {**self.times, **other.times},
            [*self.failed, *other.failed],
            self.problem or other.problem,
            self.timed_out or other.timed_out,
            "\n".join(filter(None, (self.output, other.output))),
        )
