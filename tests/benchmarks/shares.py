"""Measure how many tests a change of one file selects, for every file of the code.

Usage: ``uv run tests/benchmarks/shares.py TREE --source DIR... --tests DIR...``. The
files are read where they are; nothing of the repository is run. Next to the selection
stands a plain one, by imports and ``conftest.py`` files alone, as a measure of what the
other rules cost: ``--rules`` names the files for which they select more.

A share is the number of test files selected, divided by all of them.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ci_engine.project.repository import read_project
from ci_engine.test_selection.graph_builder import build_graph
from ci_engine.test_selection.import_graph import ImportGraph
from ci_engine.test_selection.selection import Changed, select_tests

_PLAIN = ("imports", "conftest")


@dataclass(frozen=True)
class Share:
    """What a change of one file selects, as shares of all tests."""

    path: str
    selected: float
    plain: float
    way: list[str]


def shares_of(graph: ImportGraph, source_paths: list[str]) -> list[Share]:
    """The shares of every file of the code that is not a test."""
    left_out = graph.tests.union(graph.area)
    edges: Mapping[str, Mapping[str, str]] = {
        path: {other: kind for other, kind in others.items() if kind in _PLAIN}
        for path, others in graph.edges.items()
    }
    plain = replace(graph, edges=edges)
    found: list[Share] = []
    for path in graph.files.python:
        inside = any(
            location == "." or path.startswith(f"{location}/")
            for location in source_paths
        )
        if not inside or path in left_out:
            continue
        selection = select_tests(graph, [Changed(path, "source")], {})
        starts = {path, *plain.dependents([path])}
        if path.endswith("/__init__.py"):
            starts.update(plain.dependents(plain.importers_of_package(path)))
            starts |= plain.importers_of_package(path)
        selected = graph.tests if selection.everything else selection.chains.keys()
        extra = sorted(set(selected).difference(starts))
        found.append(
            Share(
                path,
                len(selected) / len(graph.tests),
                len(graph.tests & starts) / len(graph.tests),
                selection.chains.get(extra[0], []) if extra else [],
            )
        )
    return found


def main() -> None:
    """Measure, and print one row of a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tree", type=Path)
    parser.add_argument("--source", action="append", required=True)
    parser.add_argument("--tests", action="append", required=True)
    parser.add_argument("--rules", action="store_true")
    parsed = parser.parse_args()
    graph = build_graph(read_project(parsed.tree), parsed.source, parsed.tests)
    graph.complete()
    found = shares_of(graph, parsed.source)
    if not found:
        raise SystemExit("no file of the code: name its directories with --source")
    selected = [share.selected for share in found]
    plain = [share.plain for share in found]
    sys.stdout.write(
        "| Python files | tests | of the code | mean | median | plain, mean |\n"
        "|---:|---:|---:|---:|---:|---:|\n"
        f"| {len(graph.files.python)} | {len(graph.tests)} | {len(found)} "
        f"| {statistics.fmean(selected):.3f} | {statistics.median(selected):.3f} "
        f"| {statistics.fmean(plain):.3f} |\n"
    )
    for share in found if parsed.rules else ():
        if share.selected > share.plain:
            way = " → ".join(share.way)
            sys.stdout.write(
                f"{share.path}: {share.selected:.2f}, {share.plain:.2f}: {way}\n"
            )


if __name__ == "__main__":
    main()
