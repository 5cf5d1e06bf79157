"""Read the manifests that make a directory a package."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import msgspec

from ci_engine.configuration.reading import Table, read_text, read_toml
from ci_engine.configuration.tables import (
    dig,
    items,
    one_or_several,
    table,
    text,
    texts,
)
from ci_engine.errors import ConfigurationError
from ci_engine.monorepo.requirement_lines import (
    Needed,
    Way,
    parse_all,
    requirement_lines,
)
from ci_engine.project.repository import normalize
from ci_engine.project.setup_files import SetupFacts, read_setup_cfg, read_setup_py

# The first that describes a package decides; the others may add dependencies.
MANIFESTS = ("pyproject.toml", "setup.cfg", "setup.py", "pixi.toml")
NO_SETUP = "setup.py has no call of setup()"
_LARGEST = 5_000_000
# The lists of dependencies in pyproject.toml, with their kinds.
_STANDARD: Mapping[str, Way] = {
    "project.dependencies": "runtime",
    "project.optional-dependencies": "extra",
    "dependency-groups": "development",
    "build-system.requires": "build",
}
_OF_TOOLS: Mapping[str, Way] = {
    "tool.uv.dev-dependencies": "development",
    "tool.pdm.dev-dependencies": "development",
}


class Manifest(msgspec.Struct):
    """The content of a directory's manifests.

    Attributes:
        file: the file that makes it a package; empty = it is none.
        version: its version, empty if it is computed.
        requires_python: the supported Pythons, as written.
        because: why it is not a package, or what is unusual about it.
        roots: the directories that contain its packages, by package; "" means all.
        modules: its known import names.
        computed: whether its requirements are only known once it is built.
    """

    file: str = ""
    name: str = ""
    version: str = ""
    requires_python: str = ""
    because: str = ""
    needs: list[Needed] = msgspec.field(default_factory=list[Needed])
    roots: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    modules: list[str] = msgspec.field(default_factory=list[str])
    tests: list[str] = msgspec.field(default_factory=list[str])
    computed: bool = False
    pyproject: Table = msgspec.field(default_factory=dict[str, object])


def read_manifest(directory: Path, names: frozenset[str]) -> Manifest:
    """Read the manifests in a directory; runs no code of it."""
    manifest = Manifest()
    if "pyproject.toml" in names:
        manifest.pyproject = _toml(manifest, directory / "pyproject.toml")
        _of_pyproject(manifest, manifest.pyproject)
    setup = [
        (name, facts)
        for name in MANIFESTS[1:3]
        if name in names
        and (facts := _setup(manifest, directory / name)) is not None
        and (name == "setup.py" or facts.name or "setup.py" in names or manifest.file)
    ]
    for name, facts in setup:
        _of_setup(manifest, name, facts)
    if setup and not manifest.name:
        manifest.name = directory.name
        manifest.because = f"{manifest.file} computes the name"
    if "pixi.toml" in names:
        document = _toml(manifest, directory / "pixi.toml")
        _of_pixi(manifest, document, "pixi.toml", directory.name)
    for name in sorted(names):
        if name.endswith((".txt", ".in")) and "requirements" in name:
            way: Way = "runtime" if name == "requirements.txt" else "development"
            rows = requirement_lines(_text(directory / name))
            manifest.needs += parse_all(rows, way, name)
    return manifest


def _toml(manifest: Manifest, path: Path) -> Table:
    try:
        if path.stat().st_size > _LARGEST:
            manifest.because = f"{path.name} is too large"
            return {}
        return read_toml(path)
    except (ConfigurationError, OSError, RecursionError) as error:
        manifest.because = str(error).splitlines()[0]
        return {}


def _text(path: Path) -> str:
    try:
        return read_text(path) if path.stat().st_size <= _LARGEST else ""
    except (ConfigurationError, OSError):
        return ""


def _setup(manifest: Manifest, path: Path) -> SetupFacts | None:
    written = _text(path)
    facts = read_setup_py(written) if path.suffix == ".py" else read_setup_cfg(written)
    if facts is None and path.suffix == ".py" and not manifest.file:
        manifest.because = manifest.because or NO_SETUP
    return facts


def _of_setup(manifest: Manifest, name: str, facts: SetupFacts) -> None:
    manifest.file = manifest.file or name
    manifest.name = manifest.name or facts.name
    manifest.version = manifest.version or facts.version
    manifest.requires_python = manifest.requires_python or facts.requires_python
    manifest.computed = manifest.computed or facts.computed
    manifest.roots = {**facts.roots, **manifest.roots}
    manifest.modules += facts.modules
    ways: Mapping[str, Way] = {
        "install_requires": "runtime",
        "setup_requires": "build",
        "tests_require": "development",
    }
    for key, rows in facts.requires.items():
        manifest.needs += parse_all(rows, ways.get(key, "extra"), f"{name}: {key}")


def _of_pyproject(manifest: Manifest, document: Table) -> None:
    project, poetry = table(document, "project"), table(document, "tool", "poetry")
    flit = text(document, "tool", "flit", "metadata", "module")
    name = text(project, "name") or text(poetry, "name") or flit.replace("_", "-")
    if name:
        manifest.file, manifest.name = "pyproject.toml", name
        manifest.because = ""
    elif document:
        manifest.because = manifest.because or "pyproject.toml names no project"
    manifest.version = text(project, "version") or text(poetry, "version")
    manifest.requires_python = text(project, "requires-python")
    manifest.computed = bool(
        {"dependencies", "optional-dependencies"} & set(texts(project, "dynamic"))
    )
    manifest.needs += _listed(document, _STANDARD)
    manifest.needs += _of_poetry(poetry)
    manifest.needs += _listed(document, _OF_TOOLS)
    manifest.needs += _of_hatch(document)
    _of_pixi(manifest, table(document, "tool", "pixi"), "pyproject.toml: tool.pixi", "")
    _layout_hints(manifest, document)
    options = dig(document, "tool", "pytest", "ini_options", "testpaths")
    paths = options.split() if isinstance(options, str) else texts(options)
    manifest.tests = [*paths, *texts(document, "tool", "pytest", "testpaths")]


def _listed(document: Table, places: Mapping[str, Way]) -> Iterator[Needed]:
    """The requirements in lists, and in tables of lists."""
    for place, way in places.items():
        lists = {place: dig(document, *place.split("."))}
        lists |= {f"{place}.{k}": rows for k, rows in table(lists[place]).items()}
        for key, rows in lists.items():
            yield from parse_all(items(rows), way, f"pyproject.toml: {key}")


def _of_poetry(poetry: Table) -> Iterator[Needed]:
    where = "pyproject.toml: tool.poetry"
    optional = {n for rows in table(poetry, "extras").values() for n in texts(rows)}
    for name, value in table(poetry, "dependencies").items():
        way: Way = "extra" if name in optional else "runtime"
        yield from _entry(name, value, way, f"{where}.dependencies")
    for name, value in table(poetry, "dev-dependencies").items():
        yield from _entry(name, value, "development", f"{where}.dev-dependencies")
    for group, listed in table(poetry, "group").items():
        for name, value in table(listed, "dependencies").items():
            yield from _entry(name, value, "development", f"{where}.group.{group}")


def _entry(name: str, value: object, way: Way, where: str) -> Iterator[Needed]:
    """One entry of a table of dependencies, with a path if it has one."""
    if name == "python":
        return
    for one in one_or_several(value):
        path = text(one, "path")
        normal = posixpath.normpath(path) if path else ""
        because = f"{where}: {name}" + (f" = {{ path = {path!r} }}" if path else "")
        yield Needed(normalize(name), normal, way, because)


def _of_hatch(document: Table) -> Iterator[Needed]:
    where = "pyproject.toml: tool.hatch"
    for env, settings in table(document, "tool", "hatch", "envs").items():
        rows = items(settings, "dependencies") + items(settings, "extra-dependencies")
        yield from parse_all(rows, "development", f"{where}.envs.{env}")
    for hook, settings in table(document, "tool", "hatch", "metadata", "hooks").items():
        key = f"{where}.metadata.hooks.{hook}.dependencies"
        yield from parse_all(items(settings, "dependencies"), "runtime", key)


def _of_pixi(manifest: Manifest, document: Table, where: str, default: str) -> None:
    """The dependencies of pixi; with ``[package]`` the file describes a package."""
    if where == "pixi.toml" and not manifest.file and "package" in document:
        manifest.file = where
        manifest.name = text(document, "package", "name") or default
        manifest.version = text(document, "package", "version")
        manifest.because = ""
    for key, way in (("run", "runtime"), ("host", "build"), ("build", "build")):
        listed = table(document, "package", f"{key}-dependencies")
        for name, value in listed.items():
            location = f"{where}: package.{key}-dependencies"
            manifest.needs += _entry(name, value, cast("Way", way), location)
    for location, tables in _pixi_tables(document, where):
        for name, value in tables.items():
            manifest.needs += _entry(name, value, "development", location)


def _pixi_tables(document: Table, where: str) -> Iterator[tuple[str, Table]]:
    holders = {"": document}
    for name, feature in table(document, "feature").items():
        holders[f"feature.{name}."] = table(feature)
    for prefix, holder in holders.items():
        for key in ("pypi-dependencies", "dependencies"):
            yield f"{where}: {prefix}{key}", table(holder, key)


def _layout_hints(manifest: Manifest, document: Table) -> None:
    tool = table(document, "tool")
    for key, value in table(tool, "setuptools", "package-dir").items():
        manifest.roots[key] = value if isinstance(value, str) else ""
    for where in texts(tool, "setuptools", "packages", "find", "where")[:1]:
        manifest.roots.setdefault("", where)
    manifest.modules += texts(tool, "setuptools", "py-modules")
    for path in texts(tool, "hatch", "build", "targets", "wheel", "packages"):
        parent, _, name = path.strip("/").rpartition("/")
        manifest.roots.setdefault(name, posixpath.join(parent, name))
    for entry in items(tool, "poetry", "packages"):
        include, start = text(entry, "include"), text(entry, "from")
        if include and "*" not in include:
            name = include.strip("/").replace("/", ".")
            manifest.roots.setdefault(name, posixpath.join(start, include))
    uv = table(tool, "uv", "build-backend")
    module = text(uv, "module-name")
    if uv and module:
        root = text(uv, "module-root") if "module-root" in uv else "src"
        location = posixpath.join(root, module.replace(".", "/"))
        manifest.roots.setdefault(module, location)
    elif "module-root" in uv:
        manifest.roots.setdefault("", text(uv, "module-root") or ".")
    flit = text(tool, "flit", "module", "name")
    if flit:
        manifest.modules.append(flit)
    pdm = text(tool, "pdm", "build", "package-dir") or text(tool, "pdm", "package-dir")
    if pdm:
        manifest.roots.setdefault("", pdm)
