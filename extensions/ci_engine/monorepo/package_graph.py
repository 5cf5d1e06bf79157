"""Build the graph of the repository's packages."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

from ci_engine.errors import UsageError
from ci_engine.monorepo.file_tree import Tree, read_tree
from ci_engine.monorepo.package_dependencies import find_dependencies
from ci_engine.monorepo.package_discovery import Found, detect
from ci_engine.monorepo.package_layout import Layout
from ci_engine.monorepo.package_manifests import Manifest
from ci_engine.monorepo.package_model import FIRM, DependsOn, Graph, Package
from ci_engine.monorepo.package_overrides import (
    DETECTION,
    PackageDetection,
    PackageDetectionFile,
    PackageOverrides,
    read_overrides,
)
from ci_engine.monorepo.topological_order import find_cycles, in_order
from ci_engine.project.repository import Project, normalize


def packages_graph(project: Project) -> Graph:
    """Find the packages of a repository, and their dependencies, cached."""
    return build_graph(read_tree(project), read_overrides(project.root))


def build_graph(tree: Tree, overrides: PackageOverrides) -> Graph:
    """Find the packages and their dependencies."""
    corrected = overrides.detection
    include = [*corrected.include, *(e.path for e in corrected.packages.values())]
    tidy = {posixpath.normpath(path) for path in include}
    detected, ignored = detect(tree, corrected.exclude, tidy)
    packages = _corrected(tree, detected, corrected)
    edges: Mapping[str, list[DependsOn]] = {p.name: [] for p in packages}
    if len(packages) > 1:
        edges = find_dependencies(tree, packages, overrides.added)
    free = overrides.independent
    found = [
        _package(p, [o for o in edges[p.name] if o.name not in free.get(p.name, ())])
        for p in packages
    ]
    firm = {p.name: {o.name for o in p.depends_on if o.kind in FIRM} for p in found}
    declared = {*FIRM, "extra"}
    wide = {p.name: {o.name for o in p.depends_on if o.kind in declared} for p in found}
    cycles = find_cycles(firm)
    soft = {p.name: {other.name for other in p.depends_on} for p in found}
    return Graph(
        packages=found,
        cycles=cycles,
        cycles_by_extras=[cycle for cycle in find_cycles(wide) if cycle not in cycles],
        order=in_order(firm, soft),
        ignored=ignored,
    )


def _corrected(
    tree: Tree, detected: Sequence[Found], corrected: PackageDetectionFile
) -> list[Found]:
    """The detected packages, with the project's additions and corrections."""
    by_path = {package.path: package for package in detected}
    names = {package.name for package in detected}
    for key, entry in corrected.packages.items():
        path, name = posixpath.normpath(entry.path), normalize(key)
        package = by_path.get(path)
        # It moved to another directory, so the entry is about its old one.
        if package is None and name not in names:
            package = _added(tree, by_path, name, path)
        if package is None:
            continue
        by_path[path] = package
        package.layout = _layout(package.layout, entry)
    return sorted(by_path.values(), key=lambda package: package.name)


def _added(
    tree: Tree, by_path: Mapping[str, Found], name: str, path: str
) -> Found | None:
    """A package that is not detected; None if its directory does not exist."""
    files = [n for n in tree.files if n.startswith(f"{path}/")]
    if not files:
        return None
    for other in by_path.values():
        inner = other.path != "." and other.path.startswith(f"{path}/")
        if not inner:
            other.files = [n for n in other.files if not n.startswith(f"{path}/")]
    inside = tuple(f"{p}/" for p in by_path if p.startswith(f"{path}/"))
    own = [n for n in files if not (inside and n.startswith(inside))]
    manifest = Manifest(file=DETECTION, name=name)
    return Found(name, path, manifest, own)


def _layout(found: Layout, entry: PackageDetection) -> Layout:
    imports = found.imports
    if entry.import_names is not None:
        imports = {name: imports.get(name, "") for name in entry.import_names}
    return Layout(
        found.sources if entry.source_paths is None else entry.source_paths,
        found.tests if entry.test_paths is None else entry.test_paths,
        imports,
    )


def _package(found: Found, needs: list[DependsOn]) -> Package:
    return Package(
        name=found.name,
        path=found.path,
        import_names=list(found.layout.imports),
        manifest=found.manifest.file,
        version=found.manifest.version,
        requires_python=found.manifest.requires_python,
        source_paths=found.layout.sources,
        test_paths=found.layout.tests,
        depends_on=needs,
    )


def find_package(graph: Graph, name: str) -> Package:
    """Find a package by name or by directory.

    Raises:
        UsageError: if there is none.
    """
    for package in graph.packages:
        if normalize(name) == package.name or name.rstrip("/") == package.path:
            return package
    known = ", ".join(graph.names) or "none: this repository has no packages"
    raise UsageError(f"package {name!r}: not found; packages: {known}")
