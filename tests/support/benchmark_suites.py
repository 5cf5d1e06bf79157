"""A project with benchmarks whose times are made up: no test waits for a clock."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.support.projects import DemoProject, Json, Run, add_uv

SETTINGS = """
[tool.ci-framework.performance]
benchmark-suite = ["benchmarks"]

[tool.ci-framework.performance.quick]
first-processes = 3
processes = 3
process-seconds = 60
"""
# The clock of these benchmarks goes on only when a benchmark says so.
CLOCK = """\
import os, random
import pytest

NOW = [0.0]

def timer():
    return NOW[0]

@pytest.fixture
def takes(benchmark):
    benchmark._timer = timer
    def run(seconds, noise=0.0):
        seconds *= 1 + random.Random(os.getpid()).random() * noise
        def work():
            NOW[0] += seconds
        benchmark.pedantic(work, rounds=3)
    return run
"""


class BenchmarkProject(DemoProject):
    """A small project with a suite in ``benchmarks/``, committed."""

    def __init__(self, root: Path, suite: str) -> None:
        super().__init__(root)
        self.tools = root.with_name(f"{root.name}-tools")
        add_uv(self.tools)
        self.configure(SETTINGS)
        self.write("benchmarks/conftest.py", CLOCK)
        self.suite(suite)
        self.git_init()

    def suite(self, text: str) -> None:
        """Write the file with the benchmarks."""
        self.write("benchmarks/test_times.py", f"import os, sys, pytest\n{text}")

    def bench(
        self, *arguments: str, variables: Mapping[str, str | None] | None = None
    ) -> Run:
        """Compare the work tree with the last commit."""
        words = arguments or ("--compare-with", "HEAD")
        given = {**self.bench_variables, **(variables or {})}
        return self.run("bench", *words, variables=given)

    def interrupt_bench(self, ready: Callable[[], bool], *arguments: str) -> Run:
        """Terminate a comparison once it is where the test wants it."""
        given = {name: str(value) for name, value in self.bench_variables.items()}
        return self.interrupt(signal.SIGTERM, ready, "bench", *arguments, **given)

    @property
    def bench_variables(self) -> dict[str, str | None]:
        """The stand-in for uv first, and the plugins of pytest that a suite needs."""
        path = os.pathsep.join((str(self.tools), os.environ["PATH"]))
        return {"PATH": path, "PYTEST_PLUGINS": "pytest_benchmark.plugin"}


def benchmarks_of(run: Run) -> dict[str, Json]:
    """The results of all benchmarks, by the names of their tests."""
    comparison = run.check("benchmarks")["comparison"]
    return {each["name"].partition("::")[2]: each for each in comparison["benchmarks"]}


def reason_of(run: Run) -> str:
    return str(run.check("benchmarks")["reason"])


def verdicts_of(run: Run) -> dict[str, str]:
    """The verdict of each benchmark."""
    return {name: each["verdict"] for name, each in benchmarks_of(run).items()}


def is_running(pid: int) -> bool:
    """Whether a process has not ended."""
    try:
        os.kill(pid, 0)
        # One that ended stays listed until its parent asks for it.
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
