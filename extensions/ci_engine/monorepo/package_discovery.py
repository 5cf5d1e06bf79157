"""Find the packages of a repository, and directories that only look like one."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Mapping, Sequence

import msgspec

from ci_engine.configuration.reading import Table
from ci_engine.configuration.tables import dig, texts
from ci_engine.monorepo.file_tree import Tree
from ci_engine.monorepo.package_layout import Layout, find_layout
from ci_engine.monorepo.package_manifests import (
    MANIFESTS,
    NO_SETUP,
    Manifest,
    read_manifest,
)
from ci_engine.monorepo.package_model import Ignored
from ci_engine.project.path_patterns import matching
from ci_engine.project.repository import normalize, printable

# Words for directories whose packages do not belong to the repository, unless a
# workspace names them as its members.
_NOT_OWN: Mapping[str, frozenset[str]] = {
    "an example": frozenset({"examples", "example", "samples", "sample"}),
    "a fixture of tests": frozenset(
        {"tests", "test", "fixtures", "fixture", "__fixtures__"}
        | {"testdata", "test_data", "test-data", "snapshots", "__snapshots__"}
    ),
    "third-party code": frozenset(
        {"vendor", "vendored", "_vendor", "_vendored", "third_party", "third-party"}
        | {"thirdparty", "3rdparty"}  # codespell:ignore
        | {"external", "node_modules", "site-packages"}
    ),
    "a template": frozenset({"templates", "template", "cookiecutter"}),
    "documentation": frozenset({"docs", "doc"}),
    "build output": frozenset({"build", "dist", ".venv", "venv", "env"}),
}

# Each directory in these is a package of the repository, if its name is valid.
_HOMES = frozenset(
    {"packages", "sub-packages", "subpackages", "libs", "lib", "apps", "services"}
    | {"plugins", "modules", "components", "projects", "integrations"}
)
_FREE = frozenset({"a fixture of tests", "a template", "documentation"})


class Found(msgspec.Struct):
    """One package, before its dependencies are known.

    Attributes:
        path: its directory, ``.`` for the root.
        files: its files, relative to the root of the repository.
    """

    name: str
    path: str
    manifest: Manifest
    files: list[str] = msgspec.field(default_factory=list[str])
    layout: Layout = msgspec.field(default_factory=lambda: Layout([], [], {}))

    @property
    def prefix(self) -> str:
        """The prefix of its file names."""
        return "" if self.path == "." else f"{self.path}/"


def detect(
    tree: Tree, exclude: Collection[str] = (), include: Collection[str] = ()
) -> tuple[list[Found], list[Ignored]]:
    """Find all packages, and directories that only look like one."""
    ignored = _ignored_links(tree)
    folders: dict[str, set[str]] = {}
    for name in tree.files:
        folder, _, base = name.rpartition("/")
        if base in MANIFESTS or "requirements" in base:
            folders.setdefault(folder, set()).add(base)
    folders = {f: names for f, names in folders.items() if names & {*MANIFESTS}}
    top = read_manifest(tree.root, frozenset(folders.get("", ())))
    # Of the members, only patterns with a location.
    members = [p for p in _workspace(top.pyproject, "members") if "**" not in p]
    excluded = _workspace(top.pyproject, "exclude")
    found: dict[str, Found] = {}
    for folder in sorted(folders, key=lambda f: (f.count("/") + bool(f), f)):
        path = folder or "."
        because = "" if path in include else _excluded(path, exclude)
        if not because and path not in include and path != ".":
            because = _left_out(path, members, excluded)
        manifest = Manifest()
        if not because:
            names = frozenset(folders[folder])
            manifest = read_manifest(tree.root / folder, names) if folder else top
            because = _no_package(manifest, found)
        if not because:
            name = normalize(manifest.name)
            found[name] = Found(name, path, manifest)
        elif because != NO_SETUP:
            # A module may also be named setup.py.
            ignored.append(Ignored(path=printable(path), because=because))
    packages = sorted(found.values(), key=lambda package: package.name)
    _give_files(tree, packages)
    hollow = [p for p in packages if p.path == "." and _is_hollow(p)]
    if hollow and len(packages) > 1:
        because = "the top of the repository has no code of its own"
        ignored.append(Ignored(path=".", because=because))
        packages.remove(hollow[0])
    return packages, sorted(ignored, key=lambda entry: entry.path)


def _ignored_links(tree: Tree) -> list[Ignored]:
    """Links that replace a package or its manifest."""
    ignored: list[Ignored] = []
    manifests = {n for n in tree.files if n.rpartition("/")[2] in MANIFESTS}
    homes = {posixpath.dirname(posixpath.dirname(name)) for name in manifests}
    for name, target in tree.links.items():
        folder, _, base = name.rpartition("/")
        path, because = name, ""
        if base in MANIFESTS:
            what = f"a link to {target}" if target else _lost(tree, name)
            path, because = folder or ".", f"its {base} is {what}"
        elif target and any(f"{target}/{base}" in manifests for base in MANIFESTS):
            because = f"a link to {target}"
        elif not target and folder in homes and "." not in base:
            because = _lost(tree, name)
        if because:
            ignored.append(Ignored(path=printable(path), because=because))
    return ignored


def _lost(tree: Tree, link: str) -> str:
    outside = (tree.root / link).exists()
    return "a link out of the repository" if outside else "a dangling link"


def _workspace(document: Table, key: str) -> list[str]:
    """The patterns of directories in a tool's workspace."""
    return [
        f"/{posixpath.normpath(path)}"
        for tool in ("uv", "rye", "hatch")
        for path in texts(document, "tool", tool, "workspace", key)
    ]


def _excluded(path: str, exclude: Collection[str]) -> str:
    patterns = [f"/{pattern.strip('/')}" for pattern in exclude]
    pattern = matching(path, [*patterns, *(f"{pattern}/**" for pattern in patterns)])
    if not pattern:
        return ""
    return f"excluded by {pattern.removeprefix('/').removesuffix('/**')}"


def _left_out(path: str, members: Sequence[str], excluded: Sequence[str]) -> str:
    """Why a directory below the root is not searched, empty if it is."""
    if printable(path) != path:
        return "its name is not UTF-8"
    if matching(path, excluded):
        return "the workspace excludes it"
    parts = path.split("/")
    if any("{{" in part or "{%" in part for part in parts):
        return "a template"
    return "" if matching(path, members) else _not_own(parts)


def _not_own(parts: Sequence[str]) -> str:
    """The kind of directory that words in a path suggest, empty if none."""
    for position, part in enumerate(parts):
        if part.startswith("."):
            return f"in the hidden directory {part}"
        if re.search(r"[-_](examples?|samples?)$", part.lower()):
            return f"an example: in a directory called {part}"
        at_home = position == len(parts) - 1 and parts[position - 1] in _HOMES
        for because, words in _NOT_OWN.items():
            if part.lower() in words and not (at_home and because in _FREE):
                return f"{because}: in a directory called {part}"
    return ""


def _no_package(manifest: Manifest, found: Mapping[str, Found]) -> str:
    """Why a directory with a manifest is not a package, empty if it is one."""
    name = normalize(manifest.name)
    if not manifest.file or not name.strip("-"):
        return manifest.because or "no file names a package"
    if not all(c.isascii() and (c.isalnum() or c == "-") for c in name):
        return f"its name is not a valid package name: {manifest.name!r}"
    if name in found:
        return f"{found[name].path} has the same name: {name}"
    if dig(manifest.pyproject, "tool", "poetry", "package-mode") is False:
        return "package-mode is off"
    return ""


def _give_files(tree: Tree, packages: Sequence[Found]) -> None:
    """Assign each file to the package of the innermost directory around it."""
    by_path = {package.path: package for package in packages}
    owners: dict[str, Found | None] = {}
    for name in tree.files:
        folder = posixpath.dirname(name)
        if folder not in owners:
            owners[folder] = _owner(folder, by_path)
        owner = owners[folder]
        if owner is not None:
            owner.files.append(name)
    for package in packages:
        own = {name[len(package.prefix) :] for name in package.files}
        directory = "" if package.path == "." else posixpath.basename(package.path)
        package.layout = find_layout(own, directory, package.manifest)


def _owner(folder: str, by_path: Mapping[str, Found]) -> Found | None:
    while folder:
        if folder in by_path:
            return by_path[folder]
        folder = posixpath.dirname(folder)
    return by_path.get(".")


def _is_hollow(top: Found) -> bool:
    """Whether the root of a monorepo has no code of its own and is not built."""
    document = top.manifest.pyproject
    virtual = dig(document, "tool", "uv", "package") is False
    return not top.layout.imports and (virtual or "build-system" not in document)
