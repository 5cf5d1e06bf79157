"""Copy the packages of two versions to directories named by their import names."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ci_engine.changes.files_of_commit import list_files, read_blobs
from ci_engine.checks.context import Context
from ci_engine.checks.sources import bytes_of, is_below, is_framework_file
from ci_engine.errors import ToolError
from ci_engine.monorepo.package_layout import Layout, find_layout
from ci_engine.monorepo.package_manifests import MANIFESTS, Manifest, read_manifest

_READABLE = (".py", ".pyi")
_COMPILED = (".so", ".pyd", ".pyx")
# Names with which modules state their version.
_VERSION_MODULES = ("__init__", "_version", "__about__", "version", "__version__")
_VERSION = re.compile(
    rb"""^__version__\s*(?::[^=\n]+)?=\s*["']([^"'\n]+)["']""", re.MULTILINE
)
# Excluded if the directory of the manifest is the package itself.
_BESIDE = frozenset({"setup.py", "conftest.py", "noxfile.py", "tasks.py"})


@dataclass
class ApiTree:
    """The packages of one version.

    Attributes:
        directory: the directory with the packages, by import name.
        packages: their import names.
        version: the version in the manifest or the code, empty if there is none.
        sources: the origin of each file, by its path in the directory.
        compiled: modules without readable source.
    """

    directory: Path
    packages: list[str] = field(default_factory=list[str])
    version: str = ""
    sources: dict[str, str] = field(default_factory=dict[str, str])
    compiled: list[str] = field(default_factory=list[str])


def write_head_tree(context: Context, directory: Path) -> ApiTree:
    """Copy the packages as they are now."""
    project = context.project
    names = {project.relative_link(path) for path in project.files}
    own = _own(context, names)
    manifest = _manifest(project.root, own)
    tree = ApiTree(directory, version=manifest.version)
    layout = find_layout(own, project.root.name, manifest)
    _fill(tree, layout, own, lambda some: {n: bytes_of(project.root / n) for n in some})
    return tree


def write_base_tree(context: Context, commit: str, directory: Path) -> ApiTree:
    """Copy the packages as they were before the change.

    Raises:
        ToolError: if the commit cannot be read.
    """
    root = context.project.root
    blobs = list_files(root, commit)
    own = _own(context, blobs)

    def read(names: Iterable[str]) -> dict[str, bytes]:
        wanted = {name: blobs[name] for name in names}
        found = read_blobs(root, wanted)
        missing = next(iter(wanted.keys() - found.keys()), "")
        if missing:
            raise ToolError(f"git does not have {missing} of {commit[:12]}")
        return found

    manifests = directory / "manifests"
    _write(manifests, read(name for name in own if name in MANIFESTS))
    manifest = _manifest(manifests, own)
    tree = ApiTree(directory / "packages", version=manifest.version)
    _fill(tree, find_layout(own, root.name, manifest), own, read)
    return tree


def _own(context: Context, names: Iterable[str]) -> frozenset[str]:
    """The files of the package, without those of nested packages."""
    inner = context.request.inner
    return frozenset(
        name
        for name in names
        if not is_framework_file(name) and not is_below(name, inner)
    )


def _manifest(directory: Path, names: Collection[str]) -> Manifest:
    return read_manifest(directory, frozenset(n for n in names if n in MANIFESTS))


def _fill(
    tree: ApiTree,
    layout: Layout,
    names: Collection[str],
    read: Callable[[Iterable[str]], dict[str, bytes]],
) -> None:
    for package, location in layout.imports.items():
        inside = {n: _inside(n, package, location) for n in names}
        placed = {name: to for name, to in inside.items() if to}
        code = {n: to for n, to in placed.items() if n.endswith(_READABLE)}
        stems = {PurePosixPath(to).with_suffix("") for to in code.values()}
        tree.compiled.extend(
            name
            for name, to in sorted(placed.items())
            if name.endswith(_COMPILED) and _stem(to) not in stems
        )
        if code:
            tree.packages.append(package)
        contents = read(code)
        tree.version = tree.version or _stated_version(
            _folder(package), {code[n]: d for n, d in contents.items()}
        )
        _write(tree.directory, {code[name]: data for name, data in contents.items()})
        tree.sources.update({to: name for name, to in code.items()})


def _stated_version(package: str, contents: Mapping[str, bytes]) -> str:
    """The version that the package's code states."""
    for module in _VERSION_MODULES:
        match = _VERSION.search(contents.get(f"{package}/{module}.py", b""))
        if match:
            return match.group(1).decode("utf-8", "replace")
    return ""


def _stem(path: str) -> PurePosixPath:
    """The path of a compiled module without ``.cpython-312-x86_64-linux-gnu.so``."""
    whole = PurePosixPath(path)
    return whole.with_name(whole.name.partition(".")[0])


def _folder(package: str) -> str:
    return package.replace(".", "/")


def _inside(name: str, package: str, location: str) -> str:
    """The path of a file below its package's import name, empty if it has none."""
    folder = _folder(package)
    if location == name:
        return f"{folder}{PurePosixPath(name).suffix}"
    if location == ".":
        return "" if name in _BESIDE else f"{folder}/{name}"
    if name.startswith(f"{location}/"):
        return f"{folder}{name.removeprefix(location)}"
    return ""


def _write(directory: Path, contents: dict[str, bytes]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for name, data in contents.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
