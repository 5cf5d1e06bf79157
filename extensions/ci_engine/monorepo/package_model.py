"""What is known about the packages of a repository."""

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
# What one of these brings in is part of the package itself, and so of what depends on
# it; what only its development or its tests need is not.
REACHING: frozenset[Kind] = frozenset(
    {"runtime", "extra", "build", "import", "link", "added"}
)
# These make an order; the others can be met in any.
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
        cycles: packages that need each other.
        cycles_by_extras: those that do so only with an extra, which order them in no
            way.
        order: the packages, each after those it needs.
        ignored: what was not taken for a package, and why.
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

    def needed_with(
        self,
        name: str,
        first: Collection[Kind] = STRENGTH,
        further: Collection[Kind] = REACHING,
    ) -> list[Package]:
        """The packages that one needs, and those that they need in turn, in order.

        Args:
            name: the one that needs them.
            first: the ways in which it may need another.
            further: the ways in which those may; what is needed with extras of it may
                need another by these as well.
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
