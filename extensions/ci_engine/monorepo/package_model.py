"""The data about the packages of a repository."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Literal

import msgspec

Kind = Literal[
    "runtime",
    "extra",
    "build",
    "development",
    "import",
    "optional-import",
    "test-import",
    "link",
    "added",
]
# A package passes these dependencies on to its dependents, unlike those for its
# development or its tests.
REACHING: frozenset[Kind] = frozenset(
    {"runtime", "extra", "build", "import", "link", "added"}
)
# These determine the order; other dependencies are independent of it.
FIRM: frozenset[Kind] = frozenset({"runtime", "build", "import", "added"})
# The strongest first: one of them is reported for each pair of packages.
STRENGTH: tuple[Kind, ...] = (
    "runtime",
    "added",
    "extra",
    "build",
    "import",
    "link",
    "development",
    "optional-import",
    "test-import",
)


class _Table(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """A table of the JSON output."""


class DependsOn(_Table, frozen=True, kw_only=True):
    """A dependency of one package on another one in the repository.

    Attributes:
        kind: its kind; the three kinds of imports are not declared.
    """

    name: str
    because: str
    kind: Kind


class Package(_Table, frozen=True, kw_only=True):
    """One package.

    Attributes:
        path: its directory, ``.`` for the root of the repository.
        import_names: the import names of its code.
        manifest: the file that makes the directory a package.
        version: its version, empty if it is computed.
        requires_python: the supported Pythons, empty if they are not declared.
        source_paths: its directories with code, relative to its own directory.
        test_paths: its directories with tests, likewise.
    """

    name: str
    path: str
    import_names: list[str]
    manifest: str
    version: str = ""
    requires_python: str = ""
    source_paths: list[str] = msgspec.field(default_factory=list[str])
    test_paths: list[str] = msgspec.field(default_factory=list[str])
    depends_on: list[DependsOn] = msgspec.field(default_factory=list[DependsOn])

    @property
    def prefix(self) -> str:
        """The prefix of its paths."""
        return "" if self.path == "." else f"{self.path}/"


class Ignored(_Table, frozen=True, kw_only=True):
    """A directory that looks like a package and is not one."""

    path: str
    because: str


class Graph(_Table, frozen=True, kw_only=True):
    """All packages and their dependencies: the result of ``ci packages``.

    Attributes:
        cycles: packages that depend on each other.
        cycles_by_extras: those that do so only through an extra, which does not
            affect the order.
        order: the packages, each after its dependencies.
        ignored: the directories that are not packages, and why.
    """

    schema: int = 1
    packages: list[Package]
    cycles: list[list[str]]
    cycles_by_extras: list[list[str]] = msgspec.field(default_factory=list[list[str]])
    order: list[str]
    ignored: list[Ignored]

    @property
    def by_name(self) -> Mapping[str, Package]:
        """The packages by their names."""
        return {package.name: package for package in self.packages}

    @property
    def names(self) -> list[str]:
        """The names of all packages."""
        return [package.name for package in self.packages]

    def dependents(self, names: Iterable[str]) -> dict[str, str]:
        """The packages that depend on these, each with its dependency.

        Dependencies for development or tests are not passed on to the dependents of
        a package.
        """
        needed: dict[str, list[tuple[str, Kind]]] = {}
        for package in self.packages:
            for other in package.depends_on:
                needed.setdefault(other.name, []).append((package.name, other.kind))
        start = list(names)
        found: dict[str, str] = {}
        waiting = list(start)
        reached = set(start)
        while waiting:
            name = waiting.pop()
            for dependent, kind in needed.get(name, ()):
                if dependent not in start:
                    found.setdefault(dependent, name)
                if kind in REACHING and dependent not in reached:
                    reached.add(dependent)
                    waiting.append(dependent)
        return {name: found[name] for name in sorted(found)}

    def needed_with(
        self,
        name: str,
        first: Collection[Kind] = STRENGTH,
        further: Collection[Kind] = REACHING,
    ) -> list[Package]:
        """The direct and indirect dependencies of a package, in order.

        Args:
            name: the package.
            first: the kinds of its direct dependencies.
            further: the kinds of indirect dependencies; packages needed with extras may
                also use these.
        """
        packages = self.by_name
        reached: set[str] = set()
        waiting = [(edge, first) for edge in packages[name].depends_on]
        while waiting:
            edge, kinds = waiting.pop()
            if edge.kind not in kinds or edge.name in reached:
                continue
            reached.add(edge.name)
            with_extras = "[" in edge.because
            then: Collection[Kind] = {*further, "extra"} if with_extras else further
            waiting += [(other, then) for other in packages[edge.name].depends_on]
        return [packages[other] for other in self.order if other in reached - {name}]
