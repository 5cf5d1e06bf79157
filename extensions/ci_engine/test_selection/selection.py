"""Select the tests that a change can break, with reasons; if unsure, select all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatch
from functools import cached_property

import msgspec

from ci_engine.project.document_pages import is_page
from ci_engine.project.path_patterns import matching
from ci_engine.test_selection.data_readers import readers_of_data
from ci_engine.test_selection.document_readers import (
    has_own_tests,
    is_apart,
    is_for_people,
    names_in_settings,
    readers_of,
)
from ci_engine.test_selection.import_graph import ImportGraph
from ci_engine.test_selection.layout_changes import is_program, tests_reading_sources
from ci_engine.test_selection.possible_loaders import MOST_GUESSED, PossibleLoaders
from ci_engine.test_selection.repository_files import NATIVE, is_below, parent
from ci_engine.test_selection.source_readers import readers_of_sources


class Changed(msgspec.Struct, frozen=True):
    """One changed path and its kind.

    Attributes:
        path: relative to the root of the repository.
        category: the kind that the classifier determined.
        deleted: whether the change deleted it.
        same_program: whether only comments and layout of a module changed.
    """

    path: str
    category: str
    deleted: bool = False
    same_program: bool = False


class Selection(msgspec.Struct):
    """The tests that a change can break.

    Attributes:
        everything: why all tests have to run, empty if they need not.
        chains: for each selected test file the path from a changed file to it.
        unreached: changed code that no test is known to reach, so that all tests run.
        notes: remarks for readers.
    """

    everything: str = ""
    chains: dict[str, list[str]] = msgspec.field(default_factory=dict[str, list[str]])
    unreached: list[str] = msgspec.field(default_factory=list[str])
    notes: list[str] = msgspec.field(default_factory=list[str])


def select_tests(
    graph: ImportGraph,
    changes: Sequence[Changed],
    data: Mapping[str, Sequence[str]],
) -> Selection:
    """Select the tests that a change can break."""
    return _Rules(graph, data).select(changes)


class _Rules:
    """The rules, one for each kind of change."""

    def __init__(self, graph: ImportGraph, data: Mapping[str, Sequence[str]]) -> None:
        self.graph = graph
        self.data = data
        self.result = Selection()
        # Files that count as changed, with the path that caused it.
        self.seeds: dict[str, list[str]] = {}
        # The files that count as changed because of each path.
        self.starts: dict[str, set[str]] = {}

    def select(self, changes: Sequence[Changed]) -> Selection:
        """Apply the rules to every change."""
        for change in changes:
            self._select_all(self._apply(change))
        broken = self._broken() if self.seeds else ""
        if broken:
            self._select_all(f"{broken} cannot be parsed")
        if not self.graph.tests:
            self._select_all("no file is known to hold tests")
        self._follow(self.seeds)
        self._unreached(changes)
        return self.result

    def _select_all(self, because: str) -> None:
        self.result.everything = self.result.everything or because

    def _apply(self, change: Changed) -> str:
        """Record what a change reaches; return why it reaches every test, if so."""
        path, category = change.path, change.category
        if category == "generated":
            return ""
        if category == "data":
            self._data(path)
            return ""
        if self._is_text(change):
            return self._read_by_tests(change)
        if category in ("source", "tests") and path.endswith(".pyi"):
            return self._stub(path)
        if category in ("source", "tests") and path.endswith(".py"):
            return self._module(change)
        if path.endswith(NATIVE):
            return f"{path} is compiled: what depends on it is not known"
        if category in ("source", "tests"):
            return self._undeclared(change)
        return f"{path} ({category}) reaches every test"

    def _is_text(self, change: Changed) -> bool:
        """Whether a file can only matter to its readers."""
        path, category = change.path, change.category
        if category == "source":
            return is_for_people(path) or path.endswith("/py.typed")
        if category == "unknown":
            return is_apart(path, self.graph.files) and not path.endswith(NATIVE)
        return category in ("docs", "config")

    def _data(self, path: str) -> None:
        pattern = matching(path, self.data) or ""
        readers = self.data.get(pattern, ())
        for name in self.graph.files.python:
            if matching(name, readers):
                self._seed(name, [path])

    def _read_by_tests(self, change: Changed) -> str:
        """A text or a setting matters to tests that read or run it."""
        path, files = change.path, self.graph.files
        if path.endswith("conftest.py"):
            return f"{path} is among texts, which may be its tests"
        if path.endswith(".py") and path in self.graph.covered:
            return self._module(change)
        because = "" if path.endswith("/py.typed") else self._is_test(path)
        if because:
            return because
        if change.deleted or not is_page(path):
            settings = names_in_settings(path, files, self.graph.pytest.runners)
            if settings:
                return f"{settings} names {path}"
        inside = (files.packages | self.graph.locations) - {""}
        for link, target in files.links.items():
            if is_below(path, [target]) and is_below(link, inside):
                return f"{link} leads to {path}"
        closely = change.category == "unknown"
        for name in readers_of(path, files, self.graph.area, closely=closely):
            self._seed(name, [path])
        return ""

    def _is_test(self, path: str) -> str:
        """Why a text may be a test, empty if it is none."""
        base = path.rpartition("/")[2]
        pytest = self.graph.pytest
        only = pytest.nowhere_else and not is_below(path, pytest.test_paths)
        globs = () if only else pytest.text_tests
        if any(fnmatch(base, glob) or fnmatch(path, glob) for glob in globs):
            return f"{path} is itself a test"
        if self._collected(path):
            return f"{path} is below a directory of tests"
        if has_own_tests(path, self.graph.files):
            return f"{path} may be a test: a conftest.py is above it"
        return ""

    def _collected(self, path: str) -> bool:
        """Whether pytest is configured to look for tests at the location of a text."""
        locations = {location for location in self.graph.pytest.test_paths if location}
        return is_below(path, locations)

    def _undeclared(self, change: Changed) -> str:
        """Undeclared data affects the files that may read it."""
        path, graph = change.path, self.graph
        for name in (path, *graph.files.links_to(path)):
            readers = readers_of_data(name, graph.files, graph.area)
            if readers is None or not (readers or change.deleted):
                return f"{path} is not declared as data: what reads it is not known"
            for reader in readers:
                self._seed(reader, [path])
        return ""

    def _stub(self, path: str) -> str:
        """Stubs describe a module, so the module's tests are selected."""
        module = path.removesuffix("i")
        if module not in self.graph.files.names:
            return f"{path} describes a module that is not known"
        self._seed(module, [path])
        return ""

    def _module(self, change: Changed) -> str:
        path, graph = change.path, self.graph
        if not change.deleted and path not in graph.files.names:
            return f"{path} is not among the files of the repository"
        if path in graph.unparsable:
            return f"{path} cannot be parsed"
        if path in graph.files.linked:
            return f"{path} is a link"
        if change.same_program and is_program(path, graph):
            self._layout_only(path)
            return ""
        self._seed(path, [])
        self._listed(path)
        name = path.rpartition("/")[2]
        if name == "conftest.py":
            self._below(path)
        if name == "__init__.py":
            for importer in graph.importers_of_package(path):
                self._seed(importer, [path])
            # Deleted, it gives the modules beside it other names.
            self._below(path)
        return ""

    def _listed(self, path: str) -> None:
        """Tests that list all sources read this one, but may not run it."""
        if path not in self.graph.area:
            for reader in self._listing_sources:
                self.seeds.setdefault(reader, [path])

    @cached_property
    def _listing_sources(self) -> list[str]:
        return readers_of_sources(self.graph)

    @cached_property
    def _reading_sources(self) -> frozenset[str]:
        return tests_reading_sources(self.graph)

    def _layout_only(self, path: str) -> None:
        """An unchanged program matters to readers of its source, not to its users."""
        graph = self.graph
        self.result.notes.append(f"{path}: only comments or the layout changed")
        if path in graph.tests:
            self._seed(path, [])
        readers = readers_of(path, graph.files, graph.area)
        behind = self._reading_sources.intersection([path, *graph.dependents([path])])
        for name in {*readers, *behind}:
            self._seed(name, [path])

    def _below(self, path: str) -> None:
        """Count the tests below a file's directory as changed."""
        location = parent(path)
        for test in self.graph.tests:
            if not location or test.startswith(f"{location}/"):
                self._seed(test, [path])

    def _seed(self, path: str, way: list[str]) -> None:
        self.starts.setdefault(way[0] if way else path, set()).add(path)
        if path not in self.seeds or len(way) < len(self.seeds[path]):
            self.seeds[path] = way

    def _broken(self) -> str:
        """A broken file that tests depend on: its dependencies are not known."""
        graph = self.graph
        for path in sorted(graph.unparsable):
            used = path in graph.covered or path.endswith("conftest.py")
            if used or graph.importers(path):
                return path
        return ""

    def _follow(self, starts: Mapping[str, list[str]]) -> frozenset[str]:
        """Select the tests that depend on some files, each with the path to it."""
        graph, chains = self.graph, self.result.chains
        found = graph.dependents(starts)
        tests = graph.tests.intersection([*starts, *found])
        for test in sorted(tests):
            way = [test]
            while way[-1] in found:
                way.append(found[way[-1]])
            chains.setdefault(test, starts[way[-1]] + way[::-1])
        return tests

    def _unreached(self, changes: Iterable[Changed]) -> None:
        """Code that no test is known to reach selects all: anything may load it.

        The tests of its possible loaders run first; for a script they are enough.
        """
        graph, result = self.graph, self.result
        loaders = PossibleLoaders(graph)
        unreached = [c.path for c in changes if self._is_unreached(c)]
        for path in unreached:
            hubs = loaders.of(path) if len(unreached) <= MOST_GUESSED else []
            tests = self._follow({hub: [path] for hub in hubs})
            if not (tests and graph.is_script(path)):
                result.unreached.append(path)
        if result.unreached:
            self._select_all(f"no test is known to reach {result.unreached[0]}")

    def _is_unreached(self, change: Changed) -> bool:
        path, graph = change.path, self.graph
        if self._is_text(change) or (change.same_program and is_program(path, graph)):
            return False
        if change.deleted and graph.pytest.is_test_file(path):
            # A deleted test was only reached by itself.
            return False
        starts = self.starts.get(path)
        return starts is not None and graph.covered.isdisjoint(starts)
