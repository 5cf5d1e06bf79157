"""Detect what changed, and which tests that can break."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ci_engine.changes.decision import (
    Affected,
    Chain,
    Decision,
    Kinds,
    decide,
    everything,
)
from ci_engine.changes.diff import Change, changed_files, contents_before
from ci_engine.changes.diff_base import DiffBase, find_diff_base
from ci_engine.configuration.loading import Configuration
from ci_engine.errors import ToolError, UsageError
from ci_engine.github.event import Event, read_event
from ci_engine.project.git import Git
from ci_engine.project.repository import Project
from ci_engine.test_selection.graph_builder import build_graph
from ci_engine.test_selection.import_graph import ImportGraph
from ci_engine.test_selection.layout_changes import is_same_program
from ci_engine.test_selection.repository_files import Files
from ci_engine.test_selection.selection import Changed, Selection, select_tests
from ci_engine.test_selection.workflow_usage import runs_tests

__all__ = [
    "ChangeSource",
    "DetectionRequest",
    "analyze",
    "ask",
    "describe",
    "detect",
    "graph_of",
    "kinds_of",
]


# Bytes of modules that are compared with what they were, about a second's work; where
# more changed at once, hardly a test would be left out.
_MOST_COMPARED = 1_000_000
# Times that a text is searched for a module of which only the layout changed: again
# about a second's work.
_MOST_SEARCHED = 6_000


class DetectionRequest(msgspec.Struct, frozen=True):
    """What is to be detected.

    Attributes:
        since: the commit the change started from, empty = found out.
        head: the commit it ends with; empty = what is checked out, with what is not
            committed yet on a laptop.
        analyze: whether the imports are followed to the tests.
        optimize: whether tests that the change cannot break may be left out.
    """

    since: str = ""
    head: str = ""
    analyze: bool = True
    optimize: bool = True


def graph_of(
    project: Project, configuration: Configuration, gone: Sequence[str] = ()
) -> ImportGraph:
    """The import graph of a project.

    Raises:
        ToolError: if its files cannot be listed.
    """
    settings = configuration.settings
    # A command of the project's own may look for tests anywhere.
    anywhere = ["."] if settings.command_of("test") else []
    locations = [*settings.test_paths, *anywhere]
    return build_graph(project, settings.source_paths, locations, gone=gone)


class ChangeSource(msgspec.Struct, frozen=True):
    """What the event and git tell of a change.

    Attributes:
        event: what started the workflow that runs us, if one does.
        everything: why the change is not looked at, empty if it is.
        start: where the change started.
        changes: what it touched, if its start is known.
    """

    event: Event
    everything: str = ""
    start: DiffBase = DiffBase(None, "nobody asked")
    changes: list[Change] = msgspec.field(default_factory=list[Change])


def ask(project: Project, request: DetectionRequest) -> ChangeSource:
    """Ask the event and git what changed, for which no configuration is needed.

    Raises:
        ToolError: if they cannot tell: everything must be treated as changed.
    """
    event = read_event(os.environ)
    because = "" if request.since else event.everything_because()
    if because:
        return ChangeSource(event, because)
    start = _start(project, event, request)
    if start.commit is None:
        return ChangeSource(event, start=start)
    changes = changed_files(
        project.root,
        start,
        work_tree=not (event.name or request.head),
        head=request.head or "HEAD",
    )
    return ChangeSource(event, start=start, changes=changes)


def detect(
    project: Project,
    configuration: Configuration,
    told: ChangeSource,
    request: DetectionRequest,
) -> Decision:
    """Tell what a change touches and which tests it can break.

    Raises:
        ToolError: if git cannot tell: everything must be treated as changed.
        UsageError: if ``since`` or ``head`` is not here.
    """
    if told.everything:
        return _everything(project, configuration, told.everything)
    event, start = told.event, told.start
    head = request.head or (os.environ.get("GITHUB_SHA", "") if event.name else "")
    if start.commit is None:
        if start.reason.startswith(("--since", "--head")):
            raise UsageError(
                start.reason,
                hint="name a commit, branch or tag that `git log` knows",
            )
        return everything(
            f"the start is not known: {start.reason}", head=head or "HEAD"
        )
    decision = _decide(project, configuration, told, start.commit, request)
    return msgspec.structs.replace(decision, head=head or "HEAD")


def _start(project: Project, event: Event, request: DetectionRequest) -> DiffBase:
    # What a branch got by earlier pushes may never have been green.
    whole_branch = f"origin/{event.default_branch}" if event.name == "push" else ""
    since = request.since or whole_branch
    return find_diff_base(project.root, since, os.environ, request.head or "HEAD")


def _everything(
    project: Project, configuration: Configuration, because: str
) -> Decision:
    """All tests run; those that the last change can break run first."""
    head = os.environ.get("GITHUB_SHA", "HEAD")
    decision = everything(because, head=head)
    try:
        start = find_diff_base(project.root, "", os.environ)
        if start.commit is None:
            return decision
        changes = changed_files(project.root, start, work_tree=False)
        kinds = kinds_of(project, configuration, changes)
        found = analyze(project, configuration, changes, kinds)
    except ToolError:
        # The order of the tests is all that is lost.
        return decision
    affected = msgspec.structs.replace(found, everything=because)
    tests = affected.tests(optimize=False)
    return msgspec.structs.replace(decision, tests=tests, affected=affected)


def _decide(
    project: Project,
    configuration: Configuration,
    told: ChangeSource,
    base: str,
    request: DetectionRequest,
) -> Decision:
    event, changes = told.event, told.changes
    if any(change.submodule for change in changes):
        names = ", ".join(change.path for change in changes if change.submodule)
        return everything(f"a submodule moved: {names}", base)
    kinds = kinds_of(project, configuration, changes)
    affected = None
    here = not request.head or Git(project.root).is_checked_out(request.head)
    if request.analyze and here and changes:
        affected = analyze(project, configuration, changes, kinds)
    # A push is judged as a whole; what may leave tests out is a proposed change.
    optimize = request.optimize and event.name in ("", "pull_request")
    paths = [change.path for change in changes]
    return decide(kinds, paths, base, "", affected=affected, optimize=optimize)


def kinds_of(
    project: Project, configuration: Configuration, changes: Sequence[Change]
) -> Kinds:
    """Tell kinds of files, where some changed.

    Raises:
        ToolError: if the files of the project cannot be listed.
    """
    files = Files.of(project.root, project.files, ())
    quiet = frozenset(
        change.path for change in changes if not runs_tests(change.path, files)
    )
    patterns, settings = configuration.patterns, configuration.settings
    return Kinds(patterns, settings, quiet, files.packages - {""})


def analyze(
    project: Project,
    configuration: Configuration,
    changes: Sequence[Change],
    kinds: Kinds,
) -> Affected:
    """Follow the imports from what changed to the tests.

    Raises:
        ToolError: if the files of the project cannot be listed.
    """
    gone = [change.path for change in changes if change.status == "D"]
    graph = graph_of(project, configuration, gone)
    same = _same_programs(project.root, graph.files, changes)
    changed = [
        Changed(
            change.path,
            kinds.of(change.path).category,
            gone=change.status == "D",
            same=change.path in same,
        )
        for change in changes
    ]
    data = configuration.settings.changes.data_patterns
    return describe(graph, select_tests(graph, changed, data))


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


def describe(graph: ImportGraph, selection: Selection) -> Affected:
    """Write down what was selected and why."""
    chains = selection.chains
    ways = [
        (path, [_printable(step) for step in chains[path]]) for path in sorted(chains)
    ]
    return Affected(
        engine=graph.engine,
        everything=_printable(selection.everything),
        total=len(graph.tests),
        chains=[Chain(_printable(path), way) for path, way in ways],
        left_out=[_printable(path) for path in sorted(graph.tests.difference(chains))],
        unreached=[_printable(path) for path in selection.unreached],
        hubs=[_printable(path) for path in sorted({*graph.maybe, *graph.anything})],
        notes=[*graph.notes, *selection.notes],
    )


def _printable(name: str) -> str:
    """A name as a report can hold it; what is not UTF-8 is then left out nowhere."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
