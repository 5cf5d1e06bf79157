"""Write a small repository and select tests in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ci_engine.changes.affected_tests import describe_selection
from ci_engine.changes.categories import Classifier
from ci_engine.changes.decision import Decision, decide
from ci_engine.configuration.loading import load_configuration
from ci_engine.configuration.value_types import Command
from ci_engine.project.repository import read_project
from ci_engine.test_selection.graph_builder import build_graph
from ci_engine.test_selection.import_graph import ImportGraph
from ci_engine.test_selection.selection import Changed, Selection, select_tests

Tree = Mapping[str, str | bytes]


def write(root: Path, tree: Tree) -> None:
    for name, content in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def graph_of(
    root: Path,
    tree: Tree,
    *gone: str,
    source: str = "src",
    tests: str = "tests",
    command: Command = "",
) -> ImportGraph:
    write(root, tree)
    return build_graph(
        read_project(root),
        [source],
        [tests],
        deleted=gone,
        command=command,
    ).complete()


def select(
    graph: ImportGraph,
    *paths: str,
    data: Mapping[str, list[str]] | None = None,
    gone: tuple[str, ...] = (),
) -> Selection:
    """Select tests for changed paths, classified as `ci changes` does."""
    root = graph.files.root
    patterns = data or {}
    loaded = load_configuration(root, {}, {"changes": {"data-patterns": patterns}})
    kinds = Classifier(loaded.patterns, loaded.settings, packages=graph.files.packages)
    changes = [
        Changed(p, kinds.classify(p).category, p in gone) for p in (*paths, *gone)
    ]
    return select_tests(graph, changes, patterns)


def judge(root: Path, *paths: str) -> Decision:
    """Decide on a change of some paths, as `ci changes` does."""
    loaded = load_configuration(root, {})
    command = loaded.settings.command_of("test")
    graph = graph_of(root, {}, command=command)
    packages = graph.files.packages - {""}
    kinds = Classifier(loaded.patterns, loaded.settings, packages=packages)
    affected = describe_selection(graph, select(graph, *paths))
    return decide(kinds, paths, "a", "b", affected=affected)
