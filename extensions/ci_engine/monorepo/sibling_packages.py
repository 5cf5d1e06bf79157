"""The declared dependencies of a package, and the packages that modules belong to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ci_engine.monorepo.absolute_imports import ModuleOwners
from ci_engine.monorepo.package_manifests import read_manifest
from ci_engine.monorepo.package_model import Graph, Kind, Package
from ci_engine.monorepo.requirement_lines import parse_requirement
from ci_engine.project.repository import Project

_IN_CODE: frozenset[Kind] = frozenset({"runtime", "extra", "added"})
_IN_TESTS: frozenset[Kind] = frozenset(
    {"runtime", "extra", "added", "development", "build"}
)


@dataclass(frozen=True)
class Declared:
    """The distributions that a package may import, normalized.

    Attributes:
        for_code: its dependencies, including extras.
        for_tests: these, and the dependencies for development and tests.
        complete: whether that is all; some may only be known once it is built.
    """

    for_code: frozenset[str]
    for_tests: frozenset[str]
    complete: bool


class Siblings(ModuleOwners):
    """One package and the others in the repository."""

    def __init__(self, top: Project, graph: Graph, package: Package) -> None:
        """Store the packages."""
        super().__init__((p.name, n) for p in graph.packages for n in p.import_names)
        self.own = package.name
        self.inner = _inner(graph, package)
        self.graph = graph
        self._top = top
        self._package = package

    def declared(self, installed: Sequence[str] | None) -> Declared:
        """The declared dependencies, including those in installed metadata."""
        directory = self._top.root / self._package.path
        names = (path.name for path in directory.iterdir() if path.is_file())
        manifest = read_manifest(directory, frozenset(names))
        edges: Mapping[str, Kind] = {
            other.name: other.kind for other in self._package.depends_on
        }
        code = {n.name for n in manifest.needs if n.way in ("runtime", "extra")}
        code |= {name for name, kind in edges.items() if kind in _IN_CODE}
        code |= _names(installed or ())
        tests = code | {needed.name for needed in manifest.needs}
        tests |= {name for name, kind in edges.items() if kind in _IN_TESTS}
        for group in self._top.groups.values():
            tests |= _names(group)
        complete = installed is not None or not manifest.computed
        return Declared(frozenset(code), frozenset(tests), complete)


def _inner(graph: Graph, package: Package) -> tuple[str, ...]:
    """The packages nested in this one, relative to its directory."""
    return tuple(
        other.prefix[len(package.prefix) :]
        for other in graph.packages
        if other.name != package.name and other.prefix.startswith(package.prefix)
    )


def _names(requirements: Iterable[str]) -> set[str]:
    found = (parse_requirement(text, "runtime", "") for text in requirements)
    return {needed.name for needed in found if needed is not None}
