"""Find the tests that a change can break."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ci_engine.changes.categories import Classifier
from ci_engine.changes.decision import AffectedTests, Chain
from ci_engine.changes.diff import Change, contents_before
from ci_engine.configuration.loading import Configuration
from ci_engine.project.repository import Project, printable
from ci_engine.test_selection.graph_builder import build_graph
from ci_engine.test_selection.import_graph import ImportGraph
from ci_engine.test_selection.layout_changes import is_same_program
from ci_engine.test_selection.repository_files import Files
from ci_engine.test_selection.selection import Changed, Selection, select_tests

# The size limit for comparing modules with their earlier text, about a second's work;
# if more changed, hardly a test could be left out anyway.
_MOST_COMPARED = 1_000_000
# How many texts are searched for modules with changed layout only: again about a
# second's work.
_MOST_SEARCHED = 6_000


def import_graph_of(
    project: Project,
    configuration: Configuration,
    deleted: Sequence[str] = (),
) -> ImportGraph:
    """The import graph of a project; its edges are added on demand."""
    settings = configuration.settings
    # The project's own command may look for tests anywhere.
    command = settings.command_of("test")
    locations = [*settings.test_paths, *(["."] if command else [])]
    return build_graph(
        project,
        settings.source_paths,
        locations,
        deleted=deleted,
        command=command,
    )


def find_affected_tests(
    project: Project,
    configuration: Configuration,
    changes: Sequence[Change],
    classifier: Classifier,
) -> AffectedTests:
    """Follow the imports from changed files to the tests."""
    deleted = [change.path for change in changes if change.status == "D"]
    graph = import_graph_of(project, configuration, deleted)
    same = _same_programs(project.root, graph.files, changes)
    changed = [
        Changed(
            change.path,
            classifier.classify(change.path).category,
            deleted=change.status == "D",
            same_program=change.path in same,
        )
        for change in changes
    ]
    data = configuration.settings.changes.data_patterns
    return describe_selection(graph, select_tests(graph, changed, data))


def _same_programs(root: Path, files: Files, changes: Sequence[Change]) -> set[str]:
    """The Python files in which only comments and the layout changed."""
    modules = [change for change in changes if change.path.endswith(".py")]
    if len(modules) * len(files.python) > _MOST_SEARCHED:
        return set()
    before = contents_before(root, modules)
    if sum(map(len, before.values())) > _MOST_COMPARED:
        return set()
    return {
        path for path, text in before.items() if is_same_program(text, files.read(path))
    }


def describe_selection(graph: ImportGraph, selection: Selection) -> AffectedTests:
    """The selected tests and the reasons, for a report."""
    chains = sorted(selection.chains.items())
    left_out = sorted(graph.tests.difference(selection.chains))
    hubs = sorted({*graph.maybe, *graph.anything})
    return AffectedTests(
        engine=graph.engine,
        everything=printable(selection.everything),
        total=len(graph.tests),
        chains=[Chain(printable(p), list(map(printable, way))) for p, way in chains],
        left_out=list(map(printable, left_out)),
        unreached=list(map(printable, selection.unreached)),
        hubs=list(map(printable, hubs)),
        notes=[*graph.notes, *selection.notes],
    )
