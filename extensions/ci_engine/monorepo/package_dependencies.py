"""Find the dependencies between packages, by declarations and by imports."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ci_engine.monorepo.absolute_imports import (
    Import,
    ModuleOwners,
    mentioned,
    read_imports,
)
from ci_engine.monorepo.file_tree import Tree
from ci_engine.monorepo.package_discovery import Found
from ci_engine.monorepo.package_layout import is_below, is_test
from ci_engine.monorepo.package_model import STRENGTH, DependsOn, Kind
from ci_engine.monorepo.requirement_lines import Needed

_LEVELS = 6
_STRONG = frozenset[Kind]({"runtime", "added", "extra", "build", "import", "link"})


class Importable(ModuleOwners):
    """Finds the package of a module, even if several packages share a name."""

    def __init__(self, packages: Sequence[Found]) -> None:
        locations = {
            (package.name, name): location
            for package in packages
            for name, location in package.layout.imports.items()
        }
        super().__init__(locations)
        self._part(packages, locations)
        self._starting: dict[str, set[str]] = {}
        self._namespaces: set[str] = set()
        for name, owners in self.names.items():
            self._starting.setdefault(name.partition(".")[0], set()).update(owners)
            parts = name.split(".")
            self._namespaces |= {".".join(parts[:end]) for end in range(1, len(parts))}

    def _part(
        self, packages: Sequence[Found], locations: dict[tuple[str, str], str]
    ) -> None:
        """Distinguish packages that share a name by their modules."""
        by_name = {package.name: package for package in packages}
        shared = [name for name, who in self.names.items() if len(who) > 1]
        for _ in range(_LEVELS):
            more: set[str] = set()
            for name in shared:
                for owner in sorted(self.names[name]):
                    location = locations.get((owner, name), "")
                    for child in _children(by_name[owner], location):
                        inner = f"{name}.{child}"
                        self.names.setdefault(inner, set()).add(owner)
                        locations[owner, inner] = f"{location}/{child}"
                        more.add(inner)
            shared = [name for name in more if len(self.names[name]) > 1]
            if not shared:
                return

    def possible(self, module: str) -> set[str]:
        """The packages that an import of or from a module may need."""
        first = module.partition(".")[0]
        if first not in self._starting:
            return set()
        owners = self.of_module(module)
        # An import from a namespace may be from any package below it.
        below = module in self._namespaces
        return self._starting[first] if below or not owners else owners


def _children(package: Found, location: str) -> Iterator[str]:
    """The modules and packages directly below a directory of a package."""
    prefix = f"{package.prefix}{location}/"
    found = {n[len(prefix) :] for n in package.files if n.startswith(prefix)}
    for rest in sorted({name.partition("/")[0] for name in found}):
        stem = rest.partition(".")[0]
        code = "." not in rest or rest.endswith((".py", ".pyi", ".pyx"))
        known = stem in ("__init__", "tests", "conftest")
        if code and stem.isidentifier() and not known:
            yield stem


_Edges = dict[str, dict[str, DependsOn]]


def find_dependencies(
    tree: Tree, packages: Sequence[Found], added: Mapping[str, Mapping[str, str]]
) -> dict[str, list[DependsOn]]:
    """Find the dependencies of each package on the others."""
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
    return {name: [n[other] for other in sorted(n)] for name, n in edges.items()}


def _add(edges: _Edges, package: str, other: str, kind: Kind, because: str) -> None:
    """Add an edge unless a stronger one is known, or it is a self-dependency."""
    known = edges[package].get(other)
    if package == other:
        return
    if known is None or STRENGTH.index(kind) < STRENGTH.index(known.kind):
        edges[package][other] = DependsOn(name=other, because=because, kind=kind)


def _named(
    package: Found, needed: Needed, edges: _Edges, by_path: Mapping[str, str]
) -> str:
    """The requested package, empty if the repository does not have it."""
    if needed.name in edges:
        return needed.name
    if needed.path and not needed.path.startswith("/"):
        path = posixpath.normpath(posixpath.join(package.path, needed.path))
        return by_path.get(path, "")
    return ""


def _add_links(tree: Tree, packages: Sequence[Found], edges: _Edges) -> None:
    """A file that is a link into another package changes with it."""
    inner = [package for package in packages if package.prefix]
    inner.sort(key=lambda package: -len(package.prefix))
    for link, target in tree.links.items():
        here, there = (
            next((p.name for p in inner if path.startswith(p.prefix)), "")
            for path in (link, f"{target}/")
        )
        if target and here and there:
            _add(edges, here, there, "link", f"{link} is a link to {target}")


def _add_imports(
    root: Path, package: Found, importable: Importable, edges: _Edges
) -> None:
    """Read the imports of a package that may add dependencies."""
    known = edges[package.name]
    for test, name in _python_first(package):
        try:
            data = (root / name).read_bytes()
        except OSError:
            continue
        mentions = mentioned(data)
        possible = set[str]().union(*map(importable.possible, mentions))
        enough = known if test else [n for n, e in known.items() if e.kind in _STRONG]
        if possible <= {package.name, *enough}:
            continue
        imports = read_imports(root / name)
        if imports is None:
            # For languages without a parser, such as Cython, use possible imports.
            imports = [Import(m, (), 0, guarded=False) for m in sorted(mentions)]
        for found in imports:
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


def _python_first(package: Found) -> list[tuple[bool, str]]:
    """The files of a package, code before tests: one occurrence is enough."""
    locations = tuple(package.layout.sources)
    found: list[tuple[bool, str]] = []
    for name in package.files:
        if name.endswith((".py", ".pyi", ".pyx")):
            inside = name[len(package.prefix) :]
            test = is_test(inside, package.layout.tests)
            # Other files, such as examples, are not part of the package.
            if test or not locations or is_below(inside, locations):
                found.append((test, name))
    return sorted(found)
