"""Compare the time of ``ci scan`` with that of its slowest scanner, in the same run.

Usage: ``uv run -m tests.benchmarks.scan_time [--files N] [--rounds N]``

The scanners run in parallel on a repository that is made up: code, workflows, a
Dockerfile, a lock file and a history. A service on this machine stands for OSV.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import get_args

from ci_engine.commands.scan import ScanOptions, run_scan
from ci_engine.configuration.loading import load_configuration
from ci_engine.configuration.settings import SecurityLevel
from ci_engine.configuration.surroundings import Surroundings
from ci_engine.findings.results import Status
from ci_engine.project.repository import read_project
from tests.support.osv import serving
from tests.support.projects import git
from tests.support.scanning import CLEAN

# The scan may take this much longer than its slowest scanner.
LIMIT = 1.2
_CODE = '''
def function_{number}(first: int, second: str) -> dict[str, int]:
    """Count something."""
    table = {{part: len(part) + first for part in second.split(",")}}
    return {{key: value for key, value in table.items() if value > {number}}}

'''
_LOCK = """version = 1
requires-python = ">=3.11"

[[package]]
name = "demo"
version = "1"
source = { virtual = "." }
"""


@dataclass(frozen=True)
class Timing:
    """One scan.

    Attributes:
        total: its seconds.
        scanners: the seconds of each scanner that ran.
    """

    total: float
    scanners: dict[str, float]

    @property
    def slowest(self) -> str:
        """The scanner that took longest."""
        return max(self.scanners, key=lambda name: self.scanners[name])

    @property
    def ratio(self) -> float:
        """How many times as long as its slowest scanner the scan took."""
        return self.total / self.scanners[self.slowest]


def write_repository(root: Path, files: int, commits: int = 20) -> None:
    """Write a repository in which no scanner finds anything."""
    for name, text in CLEAN.items():
        _write(root / name, text)
    _write(root / "uv.lock", _LOCK)
    text = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.11"\n'
    _write(root / "pyproject.toml", text)
    git(root, "init", "--quiet")
    for commit in range(commits):
        for number in range(commit, files, commits):
            functions = (_CODE.format(number=number * 40 + each) for each in range(40))
            code = f'"""Module {number}."""\n' + "".join(functions)
            _write(root / f"src/demo/module_{number}.py", code)
        git(root, "add", "--all")
        git(root, "commit", "--quiet", "--message", f"add modules {commit}")


def measure(root: Path, level: SecurityLevel, variables: dict[str, str]) -> Timing:
    """Scan a repository once."""
    started = time.monotonic()
    configuration = load_configuration(root, {}, {"security": {"level": level}})
    result = run_scan(
        read_project(root),
        configuration,
        configuration.security.scanners_of(level),
        ScanOptions(since="HEAD~5"),
        Surroundings(root, root, variables, date(2026, 1, 1)),
    )
    total = time.monotonic() - started
    ran = (Status.PASSED, Status.FAILED)
    late = [check.id for check in result.checks if check.status is Status.NOT_RUN]
    if late:
        raise SystemExit(f"not run: {', '.join(late)}")
    seconds = {
        check.id: check.seconds for check in result.checks if check.status in ran
    }
    return Timing(total, seconds)


def describe(timings: Sequence[Timing]) -> str:
    """A table of the median seconds, and the ratio."""
    names = sorted({name for timing in timings for name in timing.scanners})
    rows = ["| what | median seconds |", "|---|---|"]
    for name in names:
        each = [timing.scanners.get(name, 0.0) for timing in timings]
        rows.append(f"| {name} | {statistics.median(each):.1f} |")
    total = statistics.median(timing.total for timing in timings)
    ratio = statistics.median(timing.ratio for timing in timings)
    rows.append(f"| the whole scan | {total:.1f} |")
    text = f"The scan takes {ratio:.2f} times as long as its slowest scanner"
    return "\n".join([*rows, "", f"{text} (limit {LIMIT})."])


def main(arguments: Sequence[str]) -> int:
    """Measure several scans, and fail where their median ratio is above the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--level", choices=get_args(SecurityLevel), default="high")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name, serving() as osv:
        root = Path(name) / "demo"
        write_repository(root, options.files)
        os.environ["OSV_SERVICE_URL"] = osv.url
        variables = dict(os.environ)
        # The first scan installs the tools and compiles their rules.
        measure(root, options.level, variables)
        rounds = range(options.rounds)
        timings = [measure(root, options.level, variables) for _ in rounds]
    sys.stdout.write(f"{describe(timings)}\n")
    ratio = statistics.median(timing.ratio for timing in timings)
    return 0 if ratio <= LIMIT else 1


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
