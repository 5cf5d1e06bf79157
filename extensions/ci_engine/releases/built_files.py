"""Inspect the sdist and the wheel that were built for a release."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.parser import HeaderParser
from functools import cached_property
from pathlib import Path, PurePosixPath

from ci_engine.checks.packaging.artifacts import find_artifacts
from ci_engine.cleanup.cleanup_patterns import read_patterns
from ci_engine.findings.results import Finding, name_some
from ci_engine.project.path_patterns import matching
from ci_engine.project.repository import Project
from ci_engine.releases.subject import release_finding

_SHOWN = 5
# Files that a build adds to an sdist.
_WRITTEN = frozenset(
    {".gitignore", "PKG-INFO", "setup.cfg", "setup.py", "pyproject.toml"}
)


@dataclass(frozen=True)
class BuiltFiles:
    """An sdist and a wheel."""

    sdist: Path
    wheel: Path

    @cached_property
    def wheel_names(self) -> frozenset[str]:
        """The files of the wheel."""
        return names_in_wheel(self.wheel)

    @cached_property
    def sdist_names(self) -> frozenset[str]:
        """The files of the sdist, without the directory around them."""
        with tarfile.open(self.sdist) as archive:
            names = [PurePosixPath(m.name) for m in archive.getmembers() if m.isfile()]
        return frozenset("/".join(name.parts[1:]) for name in names)

    @cached_property
    def wheel_version(self) -> str:
        """The version in the metadata of the wheel."""
        name = _metadata_name(self.wheel_names)
        with zipfile.ZipFile(self.wheel) as archive:
            return _version(archive.read(name))

    @cached_property
    def sdist_version(self) -> str:
        """The version in the metadata of the sdist."""
        with tarfile.open(self.sdist) as archive:
            for member in archive:
                parts = PurePosixPath(member.name).parts
                stream = archive.extractfile(member)
                if parts[1:] == ("PKG-INFO",) and stream is not None:
                    return _version(stream.read())
        return ""

    @cached_property
    def commands(self) -> list[str]:
        """The console scripts of the wheel that need no extra."""
        name = _metadata_name(self.wheel_names).replace("METADATA", "entry_points.txt")
        if name not in self.wheel_names:
            return []
        with zipfile.ZipFile(self.wheel) as archive:
            text = archive.read(name).decode("utf-8", "replace")
        section, found = "", list[str]()
        for row in map(str.strip, text.splitlines()):
            if row.startswith("["):
                section = row
            elif section == "[console_scripts]" and "=" in row and "[" not in row:
                found.append(row.partition("=")[0].strip())
        return found


def find_built(reports: Path) -> BuiltFiles | None:
    """The distributions of this run, None unless there is one sdist and one wheel."""
    files = {path.suffix: path for path in find_artifacts(reports)}
    sdist, wheel = files.get(".gz"), files.get(".whl")
    return BuiltFiles(sdist, wheel) if sdist and wheel else None


def names_in_wheel(wheel: Path) -> frozenset[str]:
    """The files of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return frozenset(archive.namelist())


def _metadata_name(names: frozenset[str]) -> str:
    return next(n for n in sorted(names) if n.endswith(".dist-info/METADATA"))


def _version(metadata: bytes) -> str:
    fields = HeaderParser().parsestr(metadata.decode("utf-8", "replace"))
    return fields.get("Version") or ""


def stray_files(built: BuiltFiles, project: Project) -> Iterator[Finding]:
    """Files that should not be published: those of tools, and those git ignores."""
    patterns = read_patterns().patterns
    for path, names in (
        (built.sdist, built.sdist_names),
        (built.wheel, built.wheel_names),
    ):
        stray = sorted(name for name in names if matching(name, patterns))
        if stray:
            message = (
                f"{path.name} contains stray files: {name_some(stray, _SHOWN)}: "
                "exclude them from the build"
            )
            yield release_finding("stray-file", message, "pyproject.toml", 1)
    foreign = _not_in_git(built, project)
    if foreign:
        message = (
            f"{built.sdist.name} contains files that git does not track: "
            f"{name_some(foreign, _SHOWN)}"
        )
        yield release_finding("not-in-git", message, "pyproject.toml", 1, "warning")


def _not_in_git(built: BuiltFiles, project: Project) -> Sequence[str]:
    """Files of the sdist that are neither in git nor from the build."""
    known = frozenset(project.names)
    return sorted(
        name
        for name in built.sdist_names - known
        if name not in _WRITTEN
        and ".egg-info/" not in name
        and not PurePosixPath(name).name.startswith(("_version", "version"))
    )


def wheels_differ(built: BuiltFiles, other: frozenset[str]) -> Iterator[Finding]:
    """Compare the wheel of the sdist with that of the checkout."""
    for names, here, there in (
        (other - built.wheel_names, "checkout", "sdist"),
        (built.wheel_names - other, "sdist", "checkout"),
    ):
        if names:
            message = (
                f"only the wheel of the {here}, not that of the {there}, contains "
                f"{name_some(sorted(names), _SHOWN)}"
            )
            yield release_finding("wheel-differs", message, "pyproject.toml", 1)
