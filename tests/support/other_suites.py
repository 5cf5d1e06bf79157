"""Projects with suites for asv and pyperf, whose times are made up."""

from __future__ import annotations

from pathlib import Path

from tests.support.benchmark_suites import BenchmarkProject

ASV_SETTINGS = """\
{
    // Comments and trailing commas are usual: "benchmark_dir": "wrong",
    "version": 1,
    "project": "demo // no comment",
    "benchmark_dir": "benchmarks",
}
"""
# The clock goes on only when a benchmark says so.
CLOCK = """\
NOW = [0.0]
def timer(): return NOW[0]
def takes(seconds): NOW[0] += seconds
"""
PYPERF_CLOCK = """\
import os, sys
import pyperf

def takes(seconds):
    return lambda loops: loops * seconds

runner = pyperf.Runner()
"""


class AsvProject(BenchmarkProject):
    """A small project with a suite for asv, committed."""

    def git_init(self) -> None:
        (self.root / "benchmarks" / "conftest.py").unlink()
        (self.root / "benchmarks" / "test_times.py").unlink()
        self.write("asv.conf.json", ASV_SETTINGS)
        self.write("benchmarks/__init__.py", "")
        self.write("benchmarks/clock.py", CLOCK)
        self.suite(self.first)
        super().git_init()

    def __init__(self, root: Path, suite: str) -> None:
        self.first = suite
        super().__init__(root, "")

    def suite(self, text: str) -> None:
        """Write the file with the benchmarks."""
        if (self.root / "asv.conf.json").exists():
            head = "import os, sys\nfrom .clock import takes, timer\n"
            self.write("benchmarks/times.py", f"{head}{text}")
        else:
            super().suite(text)


class PyperfProject(BenchmarkProject):
    """A small project with a script for pyperf, committed."""

    def __init__(self, root: Path, suite: str) -> None:
        self.first = suite
        super().__init__(root, "")

    def git_init(self) -> None:
        (self.root / "benchmarks" / "conftest.py").unlink()
        (self.root / "benchmarks" / "test_times.py").unlink()
        self.suite(self.first)
        super().git_init()

    def suite(self, text: str) -> None:
        """Write the script."""
        if text:
            self.write("benchmarks/bench_times.py", f"{PYPERF_CLOCK}{text}")
        else:
            super().suite(text)
