"""Explain a file: its category, the tests that need it, and what a test needs."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ci_engine.changes.affected_tests import describe_selection, import_graph_of
from ci_engine.changes.categories import Category, read_classifier
from ci_engine.changes.decision import AffectedTests
from ci_engine.configuration.loading import Configuration
from ci_engine.project.repository import Project
from ci_engine.test_selection.selection import Changed, select_tests


class Explanation(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """The effect of one file on the tests.

    Attributes:
        selects: the tests that a change to it can break.
        selected_by: for a test, the files whose changes select it.
    """

    path: str
    category: Category
    because: str
    selects: AffectedTests
    selected_by: list[str] = msgspec.field(default_factory=list[str])


def explain(
    project: Project,
    configuration: Configuration,
    path: str,
    variables: Mapping[str, str],
) -> Explanation:
    """Explain one file of the work tree."""
    settings = configuration.settings
    graph = import_graph_of(project, configuration)
    reason = read_classifier(project, configuration, variables).classify(path)
    change = Changed(path, reason.category)
    found = select_tests(graph, [change], settings.changes.data_patterns)
    needed: set[str] = set()
    if path in graph.tests:
        needed = {*graph.needed_by([path]), path}
        inits = (name for name in graph.files.names if name.endswith("__init__.py"))
        for init in inits:
            if not needed.isdisjoint(graph.importers_of_package(init)):
                needed.add(init)
    return Explanation(
        path=path,
        category=reason.category,
        because=reason.because,
        selects=describe_selection(graph, found),
        selected_by=sorted(needed),
    )
