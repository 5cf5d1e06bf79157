"""The graph of dependencies between Python files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ci_engine.test_selection.pytest_settings import PytestSettings
from ci_engine.test_selection.repository_files import Files, is_below, parent, parents

# The kind of an edge with weak evidence: it adds tests, but does not make a file one
# that is known to be reached by a test.
MAY_LOAD = "may load"

_Following = Callable[[str], frozenset[str]]
_Loaded = dict[str, frozenset[str]]


@dataclass
class ImportGraph:
    """The graph of dependencies between Python files, with the kinds of its edges.

    Attributes:
        engine: the tool that read the imports, with its version; empty before that.
        edges: the dependencies of each file, with their kinds.
        tests: the files in which pytest looks for tests.
        area: the test files, and the Python files that belong to them.
        failed: files that are not valid Python, among those read so far.
        maybe: files that a file may also load, depending on its input.
        anything: files that it may load if its input is a complete name.
        programs: tests that may run programs.
        completing: adds the edges; before that, only the files are known.
        locations: the directories of code and tests.
    """

    files: Files
    pytest: PytestSettings
    tests: frozenset[str]
    area: list[str]
    locations: frozenset[str]
    engine: str = ""
    edges: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    failed: set[str] = field(default_factory=set[str])
    maybe: _Loaded = field(default_factory=dict[str, frozenset[str]])
    anything: _Loaded = field(default_factory=dict[str, frozenset[str]])
    programs: set[str] = field(default_factory=set[str])
    notes: list[str] = field(default_factory=list[str])
    completing: Callable[[], None] | None = None

    def complete(self) -> ImportGraph:
        """The complete graph, for which all files are read once."""
        if self.completing is not None:
            completing, self.completing = self.completing, None
            completing()
        return self

    @property
    def unparsable(self) -> set[str]:
        """The files that are not valid Python."""
        self.complete()
        return self.failed

    def imports(self, path: str) -> frozenset[str]:
        """The files that a file depends on directly."""
        return frozenset(self.edges.get(path, ()))

    def importers(self, path: str) -> frozenset[str]:
        """The files that depend on a file directly."""
        return self._reverse.get(path, frozenset())

    def is_script(self, path: str) -> bool:
        """Whether a file is in no package and not below code or tests."""
        inside = parent(path) in self.files.packages or is_below(path, self.locations)
        return not inside

    @cached_property
    def _reverse(self) -> Mapping[str, frozenset[str]]:
        self.complete()
        found: dict[str, set[str]] = {}
        for importer, imported in self.edges.items():
            for path in imported:
                found.setdefault(path, set()).add(importer)
        return {path: frozenset(importers) for path, importers in found.items()}

    @cached_property
    def _imported_below(self) -> Mapping[str, list[str]]:
        """The dependencies of all files, by each directory that contains them."""
        found: dict[str, list[str]] = {}
        for path in self._reverse:
            for location in parents(path)[:-1]:
                found.setdefault(location, []).append(path)
        return found

    @cached_property
    def covered(self) -> frozenset[str]:
        """Every file that a test is known to depend on."""
        self.complete()
        return frozenset(self.tests).union(_closure(self.tests, self._surely_needed))

    def _surely_needed(self, path: str) -> frozenset[str]:
        edges = self.edges.get(path, {})
        return frozenset(other for other, kind in edges.items() if kind != MAY_LOAD)

    def needed_by(self, starts: Iterable[str]) -> dict[str, str]:
        """Everything these files depend on, each with the file that needs it."""
        return _closure(starts, self.imports)

    def dependents(self, starts: Iterable[str]) -> dict[str, str]:
        """Everything that depends on these files, each with its dependency."""
        return _closure(starts, self.importers)

    def importers_of_package(self, init: str) -> frozenset[str]:
        """The files that import anything from a package, given by its ``__init__``."""
        inside = self._imported_below.get(parent(init), ())
        return frozenset(name for path in inside for name in self.importers(path))


def _closure(starts: Iterable[str], following: _Following) -> dict[str, str]:
    """Follow edges, the shortest path first; starting files map to an empty edge."""
    found: dict[str, str] = {}
    seen = set(starts)
    todo = sorted(seen)
    while todo:
        later: list[str] = []
        for path in todo:
            for other in sorted(following(path) - seen):
                seen.add(other)
                found[other] = path
                later.append(other)
        todo = later
    return found
