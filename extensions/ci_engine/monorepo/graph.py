"""Put together what is known about the packages of a repository."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from pathlib import Path

import msgspec

from ci_engine.configuration.reading import read_text
from ci_engine.errors import UsageError
from ci_engine.monorepo.dependencies import find_dependencies
from ci_engine.monorepo.detection import Detected, Found, detect
from ci_engine.monorepo.edits import detected_keys
from ci_engine.monorepo.files import (
    CROSS,
    DETECTION,
    FOUND,
    CrossPackageFile,
    PackageDetection,
    PackageDetectionFile,
    directory,
    read_file,
)
from ci_engine.monorepo.layout import Layout
from ci_engine.monorepo.manifests import Manifest
from ci_engine.monorepo.model import FIRM, DependsOn, Graph, Package
from ci_engine.monorepo.order import find_cycles, in_order
from ci_engine.monorepo.tree import Tree, read_tree
from ci_engine.project.repository import Project, normalize

__all__ = ["build_graph", "find_package", "packages_graph"]


def packages_graph(project: Project) -> Graph:
    """Find the packages of a repository, and which of them need which.

    Raises:
        ConfigurationError: if a file of the project on its packages is wrong.
        ToolError: if git cannot list the files.
    """
    tree = read_tree(project)
    told = read_told(project.root)
    cross = read_file(project.root, CROSS, CrossPackageFile)
    return build_graph(tree, told, cross)


def read_told(root: Path) -> PackageDetectionFile:
    """What a person says of the packages, without what an earlier run found.

    Raises:
        ConfigurationError: naming every mistake in the file.
    """
    told = read_file(root, DETECTION, PackageDetectionFile)
    if not told.packages:
        return told
    found = detected_keys(read_text(directory(root) / DETECTION), "packages")
    own = {key: entry for key, entry in told.packages.items() if key not in found}
    return msgspec.structs.replace(told, packages=own)


def build_graph(
    tree: Tree, told: PackageDetectionFile, cross: CrossPackageFile
) -> Graph:
    """Find the packages and their dependencies.

    Args:
        tree: the files of the repository.
        told: what a person says of the packages.
        cross: what they say of their dependencies.

    Raises:
        ConfigurationError: if a package is told to be where nothing is.
    """
    include = [*told.include, *(entry.path for entry in told.packages.values())]
    tidy = {posixpath.normpath(path) for path in include}
    detected = detect(tree, told.exclude, tidy)
    packages = _with_told(tree, detected, told)
    if len(packages) < 2:  # noqa: PLR2004 - nothing to depend on
        edges: Mapping[str, list[DependsOn]] = {p.name: [] for p in packages}
    else:
        added = {
            normalize(name): {normalize(n): w for n, w in entry.depends_on.items()}
            for name, entry in cross.packages.items()
        }
        edges = find_dependencies(tree, packages, _told_only(added))
    edges = _without(edges, cross)
    found = [_package(package, edges[package.name]) for package in packages]
    firm = {p.name: {o.name for o in p.depends_on if o.kind in FIRM} for p in found}
    soft = {p.name: {other.name for other in p.depends_on} for p in found}
    return Graph(
        packages=found,
        cycles=find_cycles(firm),
        order=in_order(firm, soft),
        ignored=detected.ignored,
    )


def _told_only(added: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """What a person added; what was found is found again, or is gone by now."""
    return {
        name: {
            other: because or "cross-package.yaml"
            for other, because in needs.items()
            if not because.startswith(FOUND)
        }
        for name, needs in added.items()
    }


def _without(
    edges: Mapping[str, list[DependsOn]], cross: CrossPackageFile
) -> dict[str, list[DependsOn]]:
    free = {
        normalize(name): {normalize(other) for other in entry.independent_of}
        for name, entry in cross.packages.items()
    }
    return {
        name: [other for other in needs if other.name not in free.get(name, ())]
        for name, needs in edges.items()
    }


def _with_told(
    tree: Tree, detected: Detected, told: PackageDetectionFile
) -> list[Found]:
    """Add and correct what a person says.

    Raises:
        ConfigurationError: if a package is told to be where nothing is.
    """
    by_path = {package.path: package for package in detected.packages}
    names = {package.name for package in detected.packages}
    for key, entry in told.packages.items():
        path, name = posixpath.normpath(entry.path), normalize(key)
        package = by_path.get(path)
        if package is None and name in names:
            # It moved; what was written about its old place is history.
            continue
        if package is None:
            package = _added(tree, by_path, name, path)
            if package is None:
                continue
            by_path[path] = package
        package.layout = _layout(package.layout, entry)
    return sorted(by_path.values(), key=lambda package: package.name)


def _added(
    tree: Tree, by_path: Mapping[str, Found], name: str, path: str
) -> Found | None:
    """A package that only a person knows of; None where its directory is gone."""
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
    """The package of a name, or of a directory.

    Raises:
        UsageError: if there is none.
    """
    for package in graph.packages:
        if normalize(name) == package.name or name.rstrip("/") == package.path:
            return package
    known = ", ".join(graph.names) or "none: this repository has no packages"
    raise UsageError(f"package {name!r}: not found; packages: {known}")
