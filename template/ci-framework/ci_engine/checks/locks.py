"""Read what locks and pinned requirements say a project depends on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from ci_engine.checks.dependencies import Dependencies, Dependency, read_uv_lock
from ci_engine.config import read_text, read_toml, read_yaml
from ci_engine.errors import ConfigurationError, ToolError
from ci_engine.project import Project, normalise

__all__ = ["read_lock"]

_PINNED = re.compile(r"([A-Za-z0-9][\w.-]*)(?:\[[^]]*\])?\s*==\s*([\w.!+-]+)(?=\s|;|$)")
_PURL = re.compile(r"pkg:pypi/([^@?#]+)@([^?#]+)")
_CONDA = re.compile(r"(.+)-([^-]+)-([^-]+)\.(?:conda|tar\.bz2)")


class _Found(msgspec.Struct):
    """What was read so far."""

    audited: set[Dependency] = msgspec.field(default_factory=set[Dependency])
    unknown: set[str] = msgspec.field(default_factory=set[str])
    others: set[Dependency] = msgspec.field(default_factory=set[Dependency])

    def add_other(self, dependency: Dependency, why: str) -> None:
        """Add one that no advisory of Python is about."""
        self.others.add(dependency)
        self.unknown.add(f"{dependency.name} ({why})")

    def all(self, source: str) -> Dependencies:
        """Everything, in an order of its own."""
        return Dependencies(
            source,
            tuple(sorted(self.audited)),
            tuple(sorted(self.unknown)),
            tuple(sorted(self.others)),
        )


class _Source(msgspec.Struct):
    type: str = ""
    url: str = ""


class _PoetryPackage(msgspec.Struct):
    name: str
    version: str
    source: _Source = msgspec.field(default_factory=_Source)


class _PoetryLock(msgspec.Struct):
    package: list[_PoetryPackage] = msgspec.field(default_factory=list[_PoetryPackage])


class _PdmPackage(msgspec.Struct):
    name: str
    version: str = ""
    git: str = ""
    path: str = ""
    url: str = ""


class _PdmLock(msgspec.Struct):
    package: list[_PdmPackage] = msgspec.field(default_factory=list[_PdmPackage])


class _PylockPackage(msgspec.Struct):
    name: str
    version: str = ""
    vcs: object = None
    directory: object = None
    archive: object = None


class _Pylock(msgspec.Struct):
    packages: list[_PylockPackage] = msgspec.field(default_factory=list[_PylockPackage])


class _PixiPackage(msgspec.Struct):
    conda: str = ""
    pypi: str = ""
    name: str = ""
    version: str = ""
    license: str = ""
    purls: list[str] | None = None


class _PixiLock(msgspec.Struct):
    packages: list[_PixiPackage] = msgspec.field(default_factory=list[_PixiPackage])


def read_lock(project: Project) -> Dependencies | None:
    """Read the first lock there is; None if there is none.

    Raises:
        ToolError: if it cannot be read.
    """
    for name, read in _LOCKS.items():
        path = project.root / name
        if not path.is_file():
            continue
        try:
            return read(path)
        except (ConfigurationError, msgspec.ValidationError) as error:
            raise ToolError(
                f"{name}: {error}", next_step=f"make {name} anew with its tool"
            ) from error
    return _pinned_requirements(project.root)


def _poetry(path: Path) -> Dependencies:
    found = _Found()
    for package in msgspec.convert(read_toml(path), _PoetryLock).package:
        dependency = Dependency(normalise(package.name), package.version)
        if package.source.type in ("", "legacy"):
            found.audited.add(dependency)
        else:
            origin = f"{package.source.type} {package.source.url}"
            found.add_other(dependency, origin)
    return found.all(path.name)


def _pdm(path: Path) -> Dependencies:
    found = _Found()
    for package in msgspec.convert(read_toml(path), _PdmLock).package:
        dependency = Dependency(normalise(package.name), package.version)
        origin = package.git or package.url or package.path
        if origin or not package.version:
            found.add_other(dependency, origin or "without a version")
        else:
            found.audited.add(dependency)
    return found.all(path.name)


def _pylock(path: Path) -> Dependencies:
    found = _Found()
    for package in msgspec.convert(read_toml(path), _Pylock).packages:
        dependency = Dependency(normalise(package.name), package.version)
        origins = {
            "version control": package.vcs,
            "a directory": package.directory,
            "an archive": package.archive,
        }
        origin = next((name for name, value in origins.items() if value), "")
        if origin or not package.version:
            found.add_other(dependency, origin or "without a version")
        else:
            found.audited.add(dependency)
    return found.all(path.name)


def _pixi(path: Path) -> Dependencies:
    """Conda packages are known by the name they have on the index of Python."""
    found = _Found()
    for package in msgspec.convert(read_yaml(path), _PixiLock).packages:
        if package.conda:
            _add_conda(found, package)
        elif package.pypi.startswith(("http://", "https://")) and package.version:
            dependency = Dependency(normalise(package.name), package.version)
            found.audited.add(dependency)
        elif package.pypi not in (".", "./"):
            dependency = Dependency(normalise(package.name), package.version)
            found.add_other(dependency, package.pypi)
    return found.all(path.name)


def _add_conda(found: _Found, package: _PixiPackage) -> None:
    file = unquote(urlsplit(package.conda).path.rpartition("/")[2])
    match = _CONDA.fullmatch(file)
    name, version = match.group(1, 2) if match else (package.name or file, "")
    names = [p for purl in package.purls or [] if (p := _PURL.match(purl)) is not None]
    for purl in names:
        known = unquote(purl.group(1)), unquote(purl.group(2))
        found.audited.add(Dependency(normalise(known[0]), known[1]))
    if not names:
        other = Dependency(name, version, "conda", package.license)
        found.add_other(other, "conda-only")


def _pinned_requirements(root: Path) -> Dependencies | None:
    """Requirement files count as a lock where every line names one version."""
    found = _Found()
    sources: list[str] = []
    for path in sorted(root.glob("requirements*.txt")):
        rows = list(_requirements(read_text(path)))
        pins = [_PINNED.match(row) for row in rows]
        if not rows or not all(pins):
            continue
        sources.append(path.name)
        for pin in filter(None, pins):
            found.audited.add(Dependency(normalise(pin.group(1)), pin.group(2)))
    return found.all(", ".join(sources)) if sources else None


def _requirements(text: str) -> Iterable[str]:
    """The lines that name a requirement."""
    for line in text.replace("\\\n", " ").splitlines():
        row = line.partition(" #")[0].strip()
        if row and not row.startswith(("#", "--hash")):
            yield row


_LOCKS: Mapping[str, Callable[[Path], Dependencies]] = {
    "uv.lock": read_uv_lock,
    "poetry.lock": _poetry,
    "pdm.lock": _pdm,
    "pylock.toml": _pylock,
    "pixi.lock": _pixi,
}
