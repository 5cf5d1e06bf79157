"""What is known about the packages of a repository."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Literal

import msgspec

__all__ = [
    "FIRM",
    "REACHING",
    "STRENGTH",
    "DependsOn",
    "Graph",
    "Ignored",
    "Kind",
    "Package",
]

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
# What one of these brings in is part of the package itself, and so of what depends on
# it; what only its development or its tests need is not.
REACHING: frozenset[Kind] = frozenset(
    {"runtime", "extra", "build", "import", "link", "added"}
)
# These make an order; the others can be met in any.
FIRM: frozenset[Kind] = frozenset({"runtime", "build", "import", "added"})
# The strongest first: one of them is told for each pair of packages.
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
    """A table of the JSON."""


class DependsOn(_Table, frozen=True, kw_only=True):
    """One package needs another one of the same repository.

    Attributes:
        kind: in which way; the three kinds of imports are not declared.
    """

    name: str
    because: str
    kind: Kind


class Package(_Table, frozen=True, kw_only=True):
    """One package.

    Attributes:
        path: its directory, ``.`` for the top of the repository.
        import_names: what its code is imported by.
        manifest: the file that makes the directory a package.
        version: its version, empty where it is computed.
        requires_python: the Pythons it allows, empty where it does not say so.
        source_paths: its directories with code, seen from its own directory.
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
        """What the paths of its files start with."""
        return "" if self.path == "." else f"{self.path}/"


class Ignored(_Table, frozen=True, kw_only=True):
    """A directory that looks like a package and is not taken for one."""

    path: str
    because: str


class Graph(_Table, frozen=True, kw_only=True):
    """All packages and what depends on what: the result of ``ci packages``.

    Attributes:
        order: the packages, each after those it needs.
        ignored: what was not taken for a package, and why.
    """

    schema: int = 1
    packages: list[Package]
    cycles: list[list[str]]
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
        """The packages that need one of these, each with the one it needs.

        What a package needs for its development or tests only is not handed on to
        those that need the package.
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

    def dependencies(self, name: str, kinds: Collection[Kind] = REACHING) -> list[str]:
        """The packages that one needs, those that they need included, in order."""
        packages = self.by_name
        first = {other.name for other in packages[name].depends_on}
        if kinds is not REACHING:
            first = {o.name for o in packages[name].depends_on if o.kind in kinds}
        waiting, reached = list(first), set(first)
        while waiting:
            for other in packages[waiting.pop()].depends_on:
                if other.kind in kinds and other.name not in reached:
                    reached.add(other.name)
                    waiting.append(other.name)
        return [other for other in self.order if other in reached - {name}]
