"""Read the lock files of Python package managers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from ci_engine.checks.dependencies.gathered_packages import Gathered
from ci_engine.checks.dependencies.inventory import name_of
from ci_engine.configuration.reading import Table, as_table, read_text, read_toml
from ci_engine.configuration.tables import texts
from ci_engine.project.repository import normalize

# Python advisories cover what this index serves.
_PYPI = ("https://pypi.org/", "https://pypi.python.org/")


class _Need(msgspec.Struct):
    name: str
    version: str = ""

    def text(self) -> str:
        name = normalize(self.name)
        return f"{name}=={self.version}" if self.version else name


def _needs(*lists: Iterable[_Need]) -> tuple[str, ...]:
    return tuple({need.text() for needs in lists for need in needs})


_Needs = list[_Need]


class _UvFile(msgspec.Struct):
    hash: str = ""


class _UvPackage(msgspec.Struct, rename="kebab"):
    name: str
    source: dict[str, str]
    version: str = ""
    dependencies: _Needs = []
    optional_dependencies: dict[str, _Needs] = {}
    dev_dependencies: dict[str, _Needs] = {}
    sdist: _UvFile | None = None
    wheels: list[_UvFile] = []

    def hashes(self) -> list[str]:
        """The hashes of its files."""
        return [file.hash for file in (self.sdist, *self.wheels) if file is not None]


class _UvLock(msgspec.Struct):
    version: int
    package: list[_UvPackage] = []


def read_uv(path: Path, name: str) -> Gathered:
    """Read ``uv.lock``; its workspace members are the direct dependents."""
    gathered = Gathered(name)
    for package in msgspec.convert(read_toml(path), _UvLock).package:
        kind, origin = next(iter(package.source.items()), ("", ""))
        extras = package.optional_dependencies.values()
        needs = _needs(package.dependencies, *extras)
        if kind in ("virtual", "editable"):
            groups = package.dev_dependencies.values()
            gathered.direct.update(needs, _needs(*groups))
            gathered.owners.add(normalize(package.name))
            continue
        public = kind == "registry" and origin.startswith(_PYPI)
        why = "" if public else f"{kind} {origin}"
        gathered.add_package(
            package.name, package.version, needs, why, package.hashes()
        )
    return gathered


class _File(msgspec.Struct):
    hash: str = ""


class _Source(msgspec.Struct):
    type: str = ""
    url: str = ""


class _PoetryPackage(msgspec.Struct):
    name: str
    version: str
    source: _Source = msgspec.field(default_factory=_Source)
    dependencies: Table = {}
    files: list[_File] = []


class _PoetryLock(msgspec.Struct):
    metadata: Table
    package: list[_PoetryPackage] = []


def read_poetry(path: Path, name: str) -> Gathered:
    """Read ``poetry.lock``."""
    gathered = Gathered(name)
    for package in msgspec.convert(read_toml(path), _PoetryLock).package:
        needs = tuple(normalize(name) for name in package.dependencies)
        public = package.source.type in ("", "legacy")
        origin = "" if public else f"{package.source.type} {package.source.url}"
        hashes = [file.hash for file in package.files]
        gathered.add_package(package.name, package.version, needs, origin, hashes)
    return gathered


class _PdmPackage(msgspec.Struct):
    name: str
    version: str = ""
    git: str = ""
    path: str = ""
    url: str = ""
    dependencies: list[str] = []
    files: list[_File] = []


class _PdmLock(msgspec.Struct):
    metadata: Table
    package: list[_PdmPackage] = []


def read_pdm(path: Path, name: str) -> Gathered:
    """Read ``pdm.lock``."""
    gathered = Gathered(name)
    for package in msgspec.convert(read_toml(path), _PdmLock).package:
        needs = tuple(map(name_of, package.dependencies))
        origin = package.git or package.url or package.path
        why = origin or ("" if package.version else "without a version")
        hashes = [file.hash for file in package.files]
        gathered.add_package(package.name, package.version, needs, why, hashes)
    return gathered


class _PylockFile(msgspec.Struct):
    hashes: dict[str, str] = {}


class _PylockPackage(msgspec.Struct):
    name: str
    version: str = ""
    vcs: object = None
    directory: object = None
    archive: object = None
    dependencies: _Needs = []
    sdist: _PylockFile | None = None
    wheels: list[_PylockFile] = []

    def hashes(self) -> list[str]:
        """The hashes of its files."""
        files = [file for file in (self.sdist, *self.wheels) if file is not None]
        return [f"{kind}:{text}" for f in files for kind, text in f.hashes.items()]


class _Pylock(msgspec.Struct, rename="kebab"):
    lock_version: str
    packages: list[_PylockPackage] = []


def read_pylock(path: Path, name: str) -> Gathered:
    """Read ``pylock.toml``."""
    gathered = Gathered(name)
    for package in msgspec.convert(read_toml(path), _Pylock).packages:
        needs = _needs(package.dependencies)
        origins = {
            "version control": package.vcs,
            "a directory": package.directory,
            "an archive": package.archive,
        }
        origin = next((name for name, value in origins.items() if value), "")
        why = origin or ("" if package.version else "without a version")
        gathered.add_package(
            package.name, package.version, needs, why, package.hashes()
        )
    return gathered


class _Pipfile(msgspec.Struct, rename={"meta": "_meta"}):
    meta: Table
    default: Table


def read_pipfile_lock(path: Path, name: str) -> Gathered:
    """Read ``Pipfile.lock``, with all of its categories."""
    gathered = Gathered(name)
    text = read_text(path)
    msgspec.json.decode(text, type=_Pipfile)
    for category, listed in msgspec.json.decode(text, type=Table).items():
        packages = {} if category.startswith("_") else as_table(listed)
        for package, value in packages.items():
            entry = as_table(value)
            version = str(entry.get("version", "")).removeprefix("==")
            origins = [entry.get(kind) for kind in ("file", "git", "path")]
            origin = next((str(each) for each in origins if each), "")
            why = origin or ("" if version else "without a version")
            gathered.add_package(package, version, (), why, texts(entry, "hashes"))
    return gathered
