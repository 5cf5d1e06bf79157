"""Measure how long the import graph of a large repository takes, as ratios.

Usage: ``uv run -m tests.benchmarks.graph [--files N] [--packages N] [--runs N]
[--changed N]``. It writes a repository of that size into a temporary directory and
times, in turn: ruff alone; the whole graph with ruff; the whole graph with Python's own
parser; the selection for one changed file, and for many.
Absolute times belong to the machine.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from ci_engine.changes.affected_tests import find_affected_tests
from ci_engine.changes.categories import read_classifier
from ci_engine.changes.decision import AffectedTests
from ci_engine.changes.diff import Change
from ci_engine.configuration.loading import load_configuration
from ci_engine.configuration.reading import Table
from ci_engine.project.repository import read_project
from ci_engine.test_selection.graph_builder import Engine, build_graph
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
    """Some changed modules, in the order of their names, which git need not know."""
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
    """What is timed, by name."""
    sources = [p.relative_to(root).as_posix() for p in root.glob("packages/*/src")]
    tests = [p.relative_to(root).as_posix() for p in root.glob("packages/*/tests")]
    ruff = str(Path(sys.executable).with_name("ruff"))

    def graph_of(engine: Engine = "ruff") -> ImportGraph:
        graph = build_graph(read_project(root), sources, tests, engine=engine)
        return graph.complete()

    return {
        "ruff analyze graph": lambda: subprocess.run(
            [ruff, "analyze", "graph", "--isolated", "."],
            cwd=root,
            capture_output=True,
            check=True,
        ),
        "graph, with ruff": graph_of,
        "graph, with ast": lambda: graph_of("ast"),
        "selection, 1 file": lambda: select(root, change(root, 1)),
        f"selection, {changed} files": lambda: select(root, change(root, changed)),
    }


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1300)
    parser.add_argument("--packages", type=int, default=1)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--changed", type=int, default=500)
    parsed = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ci-framework-graph-") as name:
        root = Path(name)
        write_repository(root, parsed.files, parsed.packages)
        timed = subjects(root, parsed.changed)
        walls: dict[str, list[float]] = {subject: [] for subject in timed}
        for _ in range(parsed.runs):
            for subject, action in timed.items():
                started = time.perf_counter()
                action()
                walls[subject].append(time.perf_counter() - started)
    medians = {subject: statistics.median(times) for subject, times in walls.items()}
    base = medians["ruff analyze graph"]
    sys.stdout.write("| what | wall s | ratio to ruff |\n|---|---:|---:|\n")
    for subject, wall in medians.items():
        sys.stdout.write(f"| {subject} | {wall:.2f} | {wall / base:.1f} |\n")


if __name__ == "__main__":
    main()
