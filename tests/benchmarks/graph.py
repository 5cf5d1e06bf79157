"""Measure the selection of tests in a large repository, as ratios of CPU time.

Usage: ``uv run -m tests.benchmarks.graph [--files N] [--packages N] [--runs N]
[--changed N] [--impacted PROGRAM]``. It writes a repository of that size into a
temporary directory and measures, in turn: Python's own parser alone, the whole graph,
and the selection for one changed file and for many.

Then it compares whole processes for one changed file: ``ci changes`` and the program
``impacted-tests`` of pytest-impacted, if it is installed or named. Of each, the least
CPU time counts, of itself and its children: other load makes it only longer.
"""

from __future__ import annotations

import argparse
import ast
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from ci_engine.changes.affected_tests import find_affected_tests
from ci_engine.changes.categories import read_classifier
from ci_engine.changes.decision import AffectedTests
from ci_engine.changes.diff import Change
from ci_engine.configuration.loading import load_configuration
from ci_engine.configuration.reading import Table
from ci_engine.project.repository import read_project
from ci_engine.test_selection.graph_builder import build_graph
from ci_engine.test_selection.import_graph import ImportGraph

BODY = '''

def function_{n}(value: int) -> int:
    """Return something that takes a few lines to say."""
    total = 0
    for number in range(value):
        if number % {m}:
            total += number
        else:
            total -= 1
    return total

'''


def write_repository(root: Path, files: int, packages: int) -> None:
    """Write packages of modules that import each other, with a test for each third."""
    per_package = max(files // packages, 4)
    for package in range(packages):
        location = root / "packages" / f"p{package}"
        source = location / "src" / f"package_{package}"
        tests = location / "tests"
        source.mkdir(parents=True)
        tests.mkdir()
        (location / "pyproject.toml").write_text("", "utf-8")
        (source / "__init__.py").write_text("", "utf-8")
        for number in range(per_package * 2 // 3):
            lines = ["import os", "import json"]
            if number:
                lines.append(f"from package_{package} import module_{number - 1}")
            elif package:
                lines.append(f"from package_{package - 1}.module_0 import function_0")
            text = "\n".join(lines) + "".join(
                BODY.format(n=n, m=number + 2) for n in range(8)
            )
            (source / f"module_{number}.py").write_text(text, "utf-8")
        for number in range(per_package // 3):
            text = f"from package_{package}.module_{number} import function_1\n\n\n"
            text += "".join(
                f"def test_{n}() -> None:\n    assert function_1({n}) is not None\n\n\n"
                for n in range(12)
            )
            (tests / f"test_{package}_{number}.py").write_text(text, "utf-8")


def change(root: Path, number: int) -> list[Change]:
    """Some changed modules, sorted by name."""
    names = [path.relative_to(root).as_posix() for path in root.rglob("module_*.py")]
    return [Change(name, "M") for name in sorted(names)[:number]]


def select(root: Path, changes: list[Change]) -> AffectedTests:
    """The tests that some changed files select."""
    project = read_project(root)
    where: Table = {"source-paths": ["packages"], "test-paths": ["packages"]}
    configuration = load_configuration(root, {}, where)
    classifier = read_classifier(project, configuration, {})
    return find_affected_tests(project, configuration, changes, classifier)


def subjects(root: Path, changed: int) -> dict[str, Callable[[], object]]:
    """What is measured, by name."""
    sources = [p.relative_to(root).as_posix() for p in root.glob("packages/*/src")]
    tests = [p.relative_to(root).as_posix() for p in root.glob("packages/*/tests")]

    def graph() -> ImportGraph:
        return build_graph(read_project(root), sources, tests).complete()

    return {
        "Python's own parser": lambda: [
            ast.parse(path.read_bytes()) for path in root.rglob("*.py")
        ],
        "graph": graph,
        "selection, 1 file": lambda: select(root, change(root, 1)),
        f"selection, {changed} files": lambda: select(root, change(root, changed)),
    }


def commit_and_change(root: Path) -> str:
    """Commit the repository, and edit one module; returns the path of its package."""
    settings = 'source-paths = ["packages"]\ntest-paths = ["packages"]\n'
    (root / "ci-framework.toml").write_text(settings, "utf-8")
    author = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    for arguments in (["init", "-q"], ["add", "."], [*author, "commit", "-qm", "a"]):
        subprocess.run(["git", *arguments], cwd=root, check=True)
    module = sorted(root.rglob("module_1.py"))[0]
    module.write_text(module.read_text("utf-8") + "\nADDED = 1\n", "utf-8")
    return module.parent.relative_to(root).as_posix()


def commands(root: Path, impacted: str) -> dict[str, Sequence[str]]:
    """The programs that select the tests of an uncommitted change."""
    package = commit_and_change(root)
    tests = f"{package.partition('/src/')[0]}/tests"
    found: dict[str, Sequence[str]] = {
        "ci changes": (sys.executable, "-m", "ci_engine", "changes", "--since", "HEAD"),
    }
    program = impacted or shutil.which("impacted-tests")
    if program:
        options = ("--module", package, "--tests-dir", tests)
        found["pytest-impacted"] = (program, *options, "--git-mode", "unstaged")
    else:
        sys.stdout.write("pytest-impacted: skipped, it is not installed\n\n")
    return found


def run(root: Path, command: Sequence[str]) -> None:
    """Run a program in a repository, which must succeed."""
    subprocess.run(command, cwd=root, check=True, capture_output=True)


def cpu_seconds(action: Callable[[], object]) -> float:
    """The CPU time of a call and of the processes that it waited for."""
    before = os.times()
    action()
    return sum(os.times()[:4]) - sum(before[:4])


def report(timed: dict[str, Callable[[], object]], runs: int) -> str:
    """A table with the least time of each subject, and its ratio to the first."""
    least = dict.fromkeys(timed, float("inf"))
    for _ in range(runs):
        for subject, action in timed.items():
            least[subject] = min(least[subject], cpu_seconds(action))
    base = next(iter(least))
    lines = [f"| what | CPU s | ratio to {base} |", "|---|---:|---:|"]
    for subject, seconds in least.items():
        lines.append(f"| {subject} | {seconds:.2f} | {seconds / least[base]:.2f} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1300)
    parser.add_argument("--packages", type=int, default=1)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--changed", type=int, default=500)
    parser.add_argument("--impacted", default="")
    parsed = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ci-framework-graph-") as name:
        root = Path(name)
        write_repository(root, parsed.files, parsed.packages)
        sys.stdout.write(report(subjects(root, parsed.changed), parsed.runs) + "\n")
        programs = commands(root, parsed.impacted)
        whole: dict[str, Callable[[], object]] = {
            name: partial(run, root, command) for name, command in programs.items()
        }
        sys.stdout.write(report(whole, parsed.runs))


if __name__ == "__main__":
    main()
