"""Read the lock files of pixi and conda-lock."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from ci_engine.checks.dependencies.gathered_packages import Gathered
from ci_engine.checks.dependencies.inventory import Dependency, name_of
from ci_engine.configuration.reading import read_yaml
from ci_engine.project.repository import normalize

_PURL = re.compile(r"pkg:pypi/([^@?#]+)@([^?#]+)")
_CONDA = (".conda", ".tar.bz2")
_PROJECT = (".", "./")


class _PixiPackage(msgspec.Struct):
    conda: str = ""
    pypi: str = ""
    name: str = ""
    version: str = ""
    license: str = ""
    purls: list[str] | None = None
    depends: list[str] = []
    requires_dist: list[str] = []
    sha256: str = ""


class _PixiLock(msgspec.Struct):
    version: int
    packages: list[_PixiPackage] = []


def read_pixi(path: Path, name: str) -> Gathered:
    """Read ``pixi.lock``.

    Conda packages are identified by their names on PyPI.
    """
    gathered = Gathered(name)
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
            gathered.owners.add(normalize(package.name))
        else:
            why = "" if public else package.pypi
            hashes = [f"sha256:{package.sha256}"] if package.sha256 else []
            gathered.add_package(package.name, package.version, needs, why, hashes)
    return gathered


def _conda_name(package: _PixiPackage) -> tuple[str, str]:
    """The name and the version of a conda package, from its file name."""
    file = unquote(urlsplit(package.conda).path.rpartition("/")[2])
    stem = next((file.removesuffix(e) for e in _CONDA if file.endswith(e)), "")
    match stem.rsplit("-", 2):
        case [name, version, build] if name and version and build:
            return name, version
        case _:
            return package.name or file, ""


def _on_index(package: _PixiPackage) -> Sequence[tuple[str, str]]:
    """The name of a conda package on PyPI."""
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
    hashes = (package.sha256,) if package.sha256 else ()
    conda_name, conda_version = _conda_name(package)
    gathered.conda_names.add(conda_name)
    for name, version in known:
        licensed = package.license
        found = Dependency(name, version, "pypi", licensed, needs, hashes)
        gathered.add(found)
    if not known:
        other = Dependency(
            conda_name, conda_version, "conda", package.license, needs, hashes
        )
        gathered.add(other, "conda-only")


class _CondaPackage(msgspec.Struct):
    name: str
    version: str
    manager: str
    dependencies: dict[str, object] = {}
    hash: dict[str, str] = {}


class _CondaLock(msgspec.Struct):
    version: int
    metadata: dict[str, object]
    package: list[_CondaPackage] = []


def read_conda_lock(path: Path, name: str) -> Gathered:
    """Read ``conda-lock.yml``."""
    gathered = Gathered(name)
    for package in msgspec.convert(read_yaml(path), _CondaLock).package:
        hashes = [f"{kind}:{text}" for kind, text in package.hash.items()]
        needs = tuple(map(normalize, package.dependencies))
        if package.manager == "pip":
            gathered.add_package(package.name, package.version, needs, "", hashes)
            continue
        gathered.conda_names.add(package.name)
        sha256 = package.hash.get("sha256", "")
        known = (sha256,) if sha256 else ()
        other = Dependency(package.name, package.version, "conda", "", needs, known)
        gathered.add(other, "conda-only")
    return gathered
