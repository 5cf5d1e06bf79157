"""Find out which package needs which: by what they declare, and by their imports."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from ci_engine.monorepo.absolute_imports import Import, mentioned, read_imports
from ci_engine.monorepo.file_tree import Tree
from ci_engine.monorepo.package_discovery import Found
from ci_engine.monorepo.package_layout import is_below, is_test
from ci_engine.monorepo.package_model import STRENGTH, DependsOn, Kind
from ci_engine.monorepo.requirement_lines import Needed

__all__ = ["Importable", "find_dependencies"]

_LEVELS = 6
_STRONG = frozenset[Kind]({"runtime", "added", "extra", "build", "import", "link"})


class Importable:
    """Tells which package a module belongs to."""

    def __init__(self, packages: Sequence[Found]) -> None:
        self._owners: dict[str, set[str]] = {}
        locations: dict[tuple[str, str], str] = {}
        for package in packages:
            for name, location in package.layout.imports.items():
                self._owners.setdefault(name, set()).add(package.name)
                locations[package.name, name] = location
        self._part(packages, locations)
        self._starting: dict[str, set[str]] = {}
        self._namespaces: set[str] = set()
        for name, owners in self._owners.items():
            self._starting.setdefault(name.partition(".")[0], set()).update(owners)
            parts = name.split(".")
            self._namespaces |= {".".join(parts[:end]) for end in range(1, len(parts))}

    def _part(
        self, packages: Sequence[Found], locations: dict[tuple[str, str], str]
    ) -> None:
        """Tell packages apart that share a name, by the modules below it."""
        by_name = {package.name: package for package in packages}
        shared = [name for name, who in self._owners.items() if len(who) > 1]
        for _ in range(_LEVELS):
            more: set[str] = set()
            for name in shared:
                for owner in sorted(self._owners[name]):
                    location = locations.get((owner, name), "")
                    for child in _children(by_name[owner], location):
                        inner = f"{name}.{child}"
                        self._owners.setdefault(inner, set()).add(owner)
                        locations[owner, inner] = f"{location}/{child}"
                        more.add(inner)
            shared = [name for name in more if len(self._owners[name]) > 1]
            if not shared:
                return

    def possible(self, module: str) -> set[str]:
        """The packages that an import of or from a module may bring in."""
        first = module.partition(".")[0]
        if first not in self._starting:
            return set()
        owners = self.owners(module)
        # What is imported from a namespace may be of any package below it.
        below = module in self._namespaces
        return self._starting[first] if below or not owners else owners

    def owners(self, module: str) -> set[str]:
        """The packages that a module may belong to, empty if it is of none."""
        name = module
        while name:
            if name in self._owners:
                return self._owners[name]
            name = name.rpartition(".")[0]
        return set()

    def of_import(self, found: Import) -> set[str]:
        """The packages that a statement may bring in."""
        if not found.names:
            return self.owners(found.module)
        owners: set[str] = set()
        for name in found.names:
            owners |= self.owners(f"{found.module}.{name}")
        return owners or self.owners(found.module)


def _children(package: Found, location: str) -> Iterator[str]:
    """The modules and packages directly below a directory of a package."""
    prefix = f"{package.path}/{location}/" if package.path != "." else f"{location}/"
    found = {n[len(prefix) :] for n in package.files if n.startswith(prefix)}
    for rest in sorted({name.partition("/")[0] for name in found}):
        stem = rest.partition(".")[0]
        code = "." not in rest or rest.endswith((".py", ".pyi", ".pyx"))
        known = stem in ("__init__", "tests", "conftest")
        if code and stem.isidentifier() and not known:
            yield stem


class _Edge(msgspec.Struct, frozen=True):
    kind: Kind
    because: str


_Edges = dict[str, dict[str, _Edge]]


def find_dependencies(
    tree: Tree, packages: Sequence[Found], added: Mapping[str, Mapping[str, str]]
) -> dict[str, list[DependsOn]]:
    """Say what each package needs of the others."""
    edges: _Edges = {package.name: {} for package in packages}
    by_path = {package.path: package.name for package in packages}
    for package in packages:
        for name, because in added.get(package.name, {}).items():
            if name in edges:
                _add(edges, package.name, name, "added", because)
        for needed in package.manifest.needs:
            name = _named(package, needed, edges, by_path)
            if name:
                _add(edges, package.name, name, needed.way, needed.because)
    _add_links(tree, packages, edges)
    importable = Importable(packages)
    for package in packages:
        _add_imports(tree.root, package, importable, edges)
    return {
        name: [
            DependsOn(name=other, because=edge.because, kind=edge.kind)
            for other, edge in sorted(needs.items())
        ]
        for name, needs in edges.items()
    }


def _add(edges: _Edges, package: str, other: str, kind: Kind, because: str) -> None:
    """Note an edge unless a stronger one is known; a package may need itself."""
    known = edges[package].get(other)
    if package == other:
        return
    if known is None or STRENGTH.index(kind) < STRENGTH.index(known.kind):
        edges[package][other] = _Edge(kind, because)


def _named(
    package: Found, needed: Needed, edges: _Edges, by_path: Mapping[str, str]
) -> str:
    """The package that is asked for, empty if it is none of the repository."""
    if needed.name in edges:
        return needed.name
    if needed.path and not needed.path.startswith("/"):
        return by_path.get(
            posixpath.normpath(posixpath.join(package.path, needed.path)), ""
        )
    return ""


def _add_links(tree: Tree, packages: Sequence[Found], edges: _Edges) -> None:
    """A file that is a link into another package changes with it."""
    prefixes = sorted(
        ((f"{p.path}/", p.name) for p in packages if p.path != "."), reverse=True
    )
    prefixes.sort(key=lambda entry: -len(entry[0]))
    for link, target in tree.links.items():
        here = next((name for start, name in prefixes if link.startswith(start)), "")
        there = next(
            (name for start, name in prefixes if f"{target}/".startswith(start)), ""
        )
        if target and here and there:
            _add(edges, here, there, "link", f"{link} is a link to {target}")


def _add_imports(
    root: Path, package: Found, importable: Importable, edges: _Edges
) -> None:
    """Read the imports of a package, as far as they may tell something new."""
    known = edges[package.name]
    for name in _python_first(package):
        inside = name if package.path == "." else name[len(package.path) + 1 :]
        test = is_test(inside, package.layout.tests)
        try:
            data = (root / name).read_bytes()
        except OSError:
            continue
        mentions = mentioned(data)
        possible = set[str]().union(*map(importable.possible, mentions)) - {
            package.name
        }
        if all(_is_known(known.get(other), test=test) for other in possible):
            continue
        found_here = read_imports(root / name)
        for found in _unparsed(mentions) if found_here is None else found_here:
            owners = importable.of_import(found)
            if package.name in owners:
                continue
            kind: Kind = "test-import" if test else "import"
            if found.guarded and not test:
                kind = "optional-import"
            location = f"{name}:{found.line}" if found.line else name
            for other in sorted(owners):
                because = f"{location} imports {found.module}"
                _add(edges, package.name, other, kind, because)


def _python_first(package: Found) -> Iterable[str]:
    """The files of a package, code before tests: one of each tells enough."""
    tests = package.layout.tests
    skip = 0 if package.path == "." else len(package.path) + 1
    locations = tuple(package.layout.sources)
    found: list[tuple[bool, str]] = []
    for name in package.files:
        if name.endswith((".py", ".pyi", ".pyx")):
            inside = name[skip:]
            test = is_test(inside, tests)
            # What else lies around, such as examples, is no part of it.
            if test or not locations or is_below(inside, locations):
                found.append((test, name))
    return [name for _, name in sorted(found)]


def _is_known(edge: _Edge | None, *, test: bool) -> bool:
    return edge is not None and (test or edge.kind in _STRONG)


def _unparsed(mentions: set[str]) -> list[Import]:
    """Of a file that no parser reads, such as Cython's, what it seems to import."""
    return [Import(module, (), 0, guarded=False) for module in sorted(mentions)]
