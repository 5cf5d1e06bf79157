"""The formats of locks: what each of them lists, and what needs what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from ci_engine.checks.dependencies.inventory import Dependencies, Dependency, name_of
from ci_engine.configuration.reading import Table, read_toml, read_yaml
from ci_engine.project.repository import normalize

# Advisories of Python are about what this index serves.
_PYPI = ("https://pypi.org/", "https://pypi.python.org/")
_PURL = re.compile(r"pkg:pypi/([^@?#]+)@([^?#]+)")
_CONDA = re.compile(r"(.+)-([^-]+)-([^-]+)\.(?:conda|tar\.bz2)")
_PROJECT = (".", "./")
# What each of them needs.
_Found = dict[Dependency, set[str]]


@dataclass
class Gathered:
    """What was read so far."""

    audited: _Found = field(default_factory=dict[Dependency, set[str]])
    others: _Found = field(default_factory=dict[Dependency, set[str]])
    unknown: set[str] = field(default_factory=set[str])
    direct: set[str] = field(default_factory=set[str])

    def add_package(
        self, name: str, version: str, requires: tuple[str, ...], why: str = ""
    ) -> None:
        """Add a distribution of Python, by its name as it is written."""
        self.add(Dependency(normalize(name), version, requires=requires), why)

    def add(self, dependency: Dependency, why: str = "") -> None:
        """Add one; the reason says why no advisory of Python is about it."""
        kept = self.others if why else self.audited
        # A lock for several platforms lists some of them several times.
        kept.setdefault(dependency, set()).update(dependency.requires)
        if why:
            self.unknown.add(f"{dependency.name} ({why})")

    def all(self, source: str) -> Dependencies:
        """Everything, sorted."""
        return Dependencies(
            source,
            _joined(self.audited),
            tuple(sorted(self.unknown)),
            _joined(self.others),
            tuple(sorted(self.direct)),
        )


def _joined(found: _Found) -> tuple[Dependency, ...]:
    return tuple(
        replace(each, requires=tuple(sorted(filter(None, found[each]))))
        for each in sorted(found)
    )


class _Need(msgspec.Struct):
    name: str
    version: str = ""

    def text(self) -> str:
        name = normalize(self.name)
        return f"{name}=={self.version}" if self.version else name


def _needs(*lists: Iterable[_Need]) -> tuple[str, ...]:
    return tuple({need.text() for needs in lists for need in needs})


_Needs = list[_Need]


class _UvPackage(msgspec.Struct, rename="kebab"):
    name: str
    source: dict[str, str]
    version: str = ""
    dependencies: _Needs = []
    optional_dependencies: dict[str, _Needs] = {}
    dev_dependencies: dict[str, _Needs] = {}


class _UvLock(msgspec.Struct):
    version: int
    package: list[_UvPackage] = []


def read_uv(path: Path) -> Dependencies:
    """Read ``uv.lock``; the members of the workspace are what needs all the others."""
    gathered = Gathered()
    for package in msgspec.convert(read_toml(path), _UvLock).package:
        kind, origin = next(iter(package.source.items()), ("", ""))
        extras = package.optional_dependencies.values()
        needs = _needs(package.dependencies, *extras)
        if kind in ("virtual", "editable"):
            groups = package.dev_dependencies.values()
            gathered.direct.update(needs, _needs(*groups))
            continue
        dependency = Dependency(package.name, package.version, requires=needs)
        public = kind == "registry" and origin.startswith(_PYPI)
        gathered.add(dependency, "" if public else f"{kind} {origin}")
    return gathered.all(path.name)


class _Source(msgspec.Struct):
    type: str = ""
    url: str = ""


class _PoetryPackage(msgspec.Struct):
    name: str
    version: str
    source: _Source = msgspec.field(default_factory=_Source)
    dependencies: Table = {}


class _PoetryLock(msgspec.Struct):
    metadata: Table
    package: list[_PoetryPackage] = []


def read_poetry(path: Path) -> Dependencies:
    """Read ``poetry.lock``."""
    gathered = Gathered()
    for package in msgspec.convert(read_toml(path), _PoetryLock).package:
        needs = tuple(normalize(name) for name in package.dependencies)
        public = package.source.type in ("", "legacy")
        origin = "" if public else f"{package.source.type} {package.source.url}"
        gathered.add_package(package.name, package.version, needs, origin)
    return gathered.all(path.name)


class _PdmPackage(msgspec.Struct):
    name: str
    version: str = ""
    git: str = ""
    path: str = ""
    url: str = ""
    dependencies: list[str] = []


class _PdmLock(msgspec.Struct):
    metadata: Table
    package: list[_PdmPackage] = []


def read_pdm(path: Path) -> Dependencies:
    """Read ``pdm.lock``."""
    gathered = Gathered()
    for package in msgspec.convert(read_toml(path), _PdmLock).package:
        needs = tuple(map(name_of, package.dependencies))
        origin = package.git or package.url or package.path
        why = origin or ("" if package.version else "without a version")
        gathered.add_package(package.name, package.version, needs, why)
    return gathered.all(path.name)


class _PylockPackage(msgspec.Struct):
    name: str
    version: str = ""
    vcs: object = None
    directory: object = None
    archive: object = None
    dependencies: _Needs = []


class _Pylock(msgspec.Struct, rename="kebab"):
    lock_version: str
    packages: list[_PylockPackage] = []


def read_pylock(path: Path) -> Dependencies:
    """Read ``pylock.toml``."""
    gathered = Gathered()
    for package in msgspec.convert(read_toml(path), _Pylock).packages:
        needs = _needs(package.dependencies)
        origins = {
            "version control": package.vcs,
            "a directory": package.directory,
            "an archive": package.archive,
        }
        origin = next((name for name, value in origins.items() if value), "")
        why = origin or ("" if package.version else "without a version")
        gathered.add_package(package.name, package.version, needs, why)
    return gathered.all(path.name)


class _PixiPackage(msgspec.Struct):
    conda: str = ""
    pypi: str = ""
    name: str = ""
    version: str = ""
    license: str = ""
    purls: list[str] | None = None
    depends: list[str] = []
    requires_dist: list[str] = []


class _PixiLock(msgspec.Struct):
    version: int
    packages: list[_PixiPackage] = []


def read_pixi(path: Path) -> Dependencies:
    """Read ``pixi.lock``.

    Conda packages are known by the name they have on the index of Python.
    """
    gathered = Gathered()
    packages = msgspec.convert(read_yaml(path), _PixiLock).packages
    python_names = {
        _conda_name(package)[0]: name
        for package in packages
        if package.conda
        for name, _ in _on_index(package)
    }
    for package in packages:
        if package.conda:
            _add_conda(gathered, package, python_names)
            continue
        needs = tuple(map(name_of, package.requires_dist))
        public = package.pypi.startswith(("http://", "https://")) and package.version
        if package.pypi in _PROJECT:
            gathered.direct.update(needs)
        else:
            why = "" if public else package.pypi
            gathered.add_package(package.name, package.version, needs, why)
    return gathered.all(path.name)


def _conda_name(package: _PixiPackage) -> tuple[str, str]:
    """The name and the version of a conda package, as its file has them."""
    file = unquote(urlsplit(package.conda).path.rpartition("/")[2])
    match = _CONDA.fullmatch(file)
    return (match.group(1), match.group(2)) if match else (package.name or file, "")


def _on_index(package: _PixiPackage) -> Sequence[tuple[str, str]]:
    """What a conda package is called on the index of Python."""
    found = [_PURL.match(purl) for purl in package.purls or []]
    return [
        (normalize(unquote(purl.group(1))), unquote(purl.group(2)))
        for purl in found
        if purl is not None
    ]


def _add_conda(
    gathered: Gathered, package: _PixiPackage, python_names: Mapping[str, str]
) -> None:
    names = (row.split()[0] for row in package.depends if row.split())
    needs = tuple(python_names.get(name, name) for name in names)
    known = _on_index(package)
    for name, version in known:
        gathered.add(Dependency(name, version, requires=needs))
    if not known:
        name, version = _conda_name(package)
        other = Dependency(name, version, "conda", package.license, needs)
        gathered.add(other, "conda-only")
