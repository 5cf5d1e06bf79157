"""Run ``ci bench`` beside a noisy neighbor, on identical and on slower code.

``uv run python -m tests.benchmarks.noisy_neighbor`` makes a small project with ten
benchmarks, starts a process that is busy and idle in turn, and compares: first the code
with itself, several times, then with code of which half is slower. It prints how many
benchmarks got which verdict.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.support.benchmark_suites import BenchmarkProject, benchmarks_of
from tests.support.projects import git

BENCHMARKS = 10
_SUITE = """
@pytest.mark.parametrize("number", range({benchmarks}))
def test_work(benchmark, number):
    factor = {factor} if number % 2 else 1.0
    benchmark(lambda: sum(range(int(20_000 * factor))))
"""
# Busy for up to half a second, then idle for up to half a second.
_NEIGHBOR = """
import random, time
draws = random.Random(1)
while True:
    end = time.monotonic() + draws.uniform(0, 0.5)
    while time.monotonic() < end:
        sum(range(1000))
    time.sleep(draws.uniform(0, 0.5))
"""


@contextmanager
def neighbors(number: int) -> Generator[None]:
    """Some busy processes, which end with the block."""
    running = [
        subprocess.Popen([sys.executable, "-c", _NEIGHBOR]) for _ in range(number)
    ]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def compare(project: BenchmarkProject, factor: float) -> Counter[str]:
    """How many benchmarks got which verdict."""
    run = project.bench("--compare-with", "HEAD")
    if run.code not in (0, 1):
        raise SystemExit(str(run))
    found: Counter[str] = Counter()
    for name, each in benchmarks_of(run).items():
        slower = factor > 1 and int(name.rstrip("]").rpartition("[")[2]) % 2
        found[f"{'slower' if slower else 'same'}: {each['verdict']}"] += 1
    return found


def make(directory: Path) -> BenchmarkProject:
    """A project with the suite, and the budget that ``ci bench`` has by default."""
    suite = _SUITE.format(benchmarks=BENCHMARKS, factor=1.0)
    project = BenchmarkProject(directory / "demo", suite)
    text = project.read("pyproject.toml")
    kept = text.partition("[tool.ci-framework.performance.quick]")[0]
    project.write("pyproject.toml", kept)
    git(project.root, "commit", "--quiet", "--all", "--message", "usual budget")
    return project


def main() -> None:
    """Print the verdicts."""
    parser = argparse.ArgumentParser(description="Run ci bench beside a neighbor.")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--neighbors", type=int, default=1)
    given = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="ci-framework-neighbor-"))
    os.environ["CI_FRAMEWORK_CACHE"] = str(directory)
    try:
        project = make(directory)
        with neighbors(given.neighbors):
            for factor in (1.0, 1.2, 1.3):
                project.suite(_SUITE.format(benchmarks=BENCHMARKS, factor=factor))
                for _ in range(given.runs if factor == 1.0 else 2):
                    found = compare(project, factor)
                    shown = ", ".join(f"{n} {v}" for v, n in sorted(found.items()))
                    sys.stdout.write(f"{factor - 1:.0%} slower: {shown}\n")
                    sys.stdout.flush()
    finally:
        shutil.rmtree(directory)


if __name__ == "__main__":
    main()
