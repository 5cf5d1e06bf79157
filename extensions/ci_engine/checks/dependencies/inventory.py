"""What a project depends on: from its lock, or from its prepared environment."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import msgspec

from ci_engine.checks.dependencies.declared_names import declared_names, name_of
from ci_engine.checks.workspace import Workspace
from ci_engine.environments import inside
from ci_engine.environments.environment import environment_error
from ci_engine.project.repository import Project, normalize

__all__ = [
    "Dependencies",
    "Dependency",
    "location_of",
    "read_environment",
]

# What makers of environments put in; a dependency only if something requires it.
_INSTALLERS = frozenset({"pip", "setuptools", "wheel"})
_MOST_NAMED = 20
_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "pixi.lock")


@dataclass(frozen=True, order=True)
class Dependency:
    """One distribution in one version.

    Attributes:
        name: its name.
        version: its version, empty if it is not known.
        kind: which index it is from: that of Python, or one of conda.
        license: as its lock or its metadata states it, may be empty.
        requires: what it needs, each one as a name or as ``name==version``.
    """

    name: str
    version: str
    kind: Literal["pypi", "conda"] = "pypi"
    license_name: str = field(default="", compare=False)
    requires: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Dependencies:
    """All dependencies of a project.

    Attributes:
        source: where they were read, for people.
        audited: those that advisories may be about.
        unknown: those that no advisory database knows, with their origin.
        others: the same ones, as far as their names and versions are known.
        direct: what the project itself needs, as in ``requires``.
    """

    source: str
    audited: tuple[Dependency, ...]
    unknown: tuple[str, ...]
    others: tuple[Dependency, ...] = ()
    direct: tuple[str, ...] = ()

    def rounds(self) -> list[list[Dependency]]:
        """Divide them so that no part has two versions of one name."""
        rounds: list[list[Dependency]] = []
        seen: dict[str, int] = {}
        for dependency in self.audited:
            number = seen.get(dependency.name, 0)
            seen[dependency.name] = number + 1
            if number == len(rounds):
                rounds.append([])
            rounds[number].append(dependency)
        return rounds

    def without(self, names: Iterable[str]) -> Dependencies:
        """Move some to those that no database knows."""
        left = {normalize(name) for name in names}
        audited = tuple(d for d in self.audited if normalize(d.name) not in left)
        return replace(self, audited=audited, unknown=(*self.unknown, *sorted(left)))

    def coverage(self) -> str:
        """How many were looked up, and which were not."""
        total = len(self.audited) + len(self.unknown)
        text = f"{self.source}: {len(self.audited)} of {total} dependencies known"
        if not self.unknown:
            return text
        conda = sum(other.kind == "conda" for other in self.others)
        text += f", {conda} conda-only" if conda else ""
        names = ", ".join(self.unknown[:_MOST_NAMED])
        more = len(self.unknown) - _MOST_NAMED
        rest = f" and {more} more" if more > 0 else ""
        return f"{text}; not known: {names}{rest}"


class _Installed(msgspec.Struct):
    name: str
    version: str
    origin: str
    requires: list[str]
    license_name: str = ""


def read_environment(workspace: Workspace) -> Dependencies:
    """List what is installed in the prepared environment, without the project.

    Raises:
        ToolError: if there is no environment, or its list cannot be read.
    """
    environment, outcome = workspace.run_script(inside.DIRECTORY / "installed.py")
    try:
        rows = msgspec.json.decode(outcome.stdout, type=list[_Installed])
    except msgspec.DecodeError as error:
        what = "the installed distributions cannot be listed"
        raise environment_error(what, outcome) from error
    own = normalize(workspace.project.distribution)
    required = {name_of(text) for row in rows for text in row.requires}
    direct = set(declared_names(workspace.project))
    audited: set[Dependency] = set()
    unknown: set[str] = set()
    others: set[Dependency] = set()
    for row in rows:
        name = normalize(row.name)
        requires = tuple(sorted({name_of(text) for text in row.requires}))
        dependency = Dependency(
            name, row.version, license_name=row.license_name, requires=requires
        )
        if name == own and own:
            direct.update(requires)
            continue
        why = _not_audited(row, name, required)
        if why:
            unknown.add(f"{name or 'unnamed'} ({why})")
            others.add(dependency)
        else:
            audited.add(dependency)
    return Dependencies(
        environment.name,
        tuple(sorted(audited)),
        tuple(sorted(unknown)),
        tuple(sorted(others)),
        tuple(sorted(direct)),
    )


def _not_audited(row: _Installed, name: str, required: set[str]) -> str:
    """Why no advisory can be about a distribution, empty if one can."""
    if row.origin:
        return row.origin
    if not name or not row.version:
        return "without name or version"
    if name in _INSTALLERS and name not in required:
        return "came with the environment"
    return ""


def location_of(
    project: Project, source: str, name: str, version: str = ""
) -> tuple[str, int]:
    """Find the line that requires a dependency: in a lock, else in a manifest.

    Args:
        project: the repository.
        source: the lock that was read, if one was.
        name: the dependency.
        version: its version.
    """
    pattern = r"[-_.]+".join(re.escape(part) for part in normalize(name).split("-"))
    locks = (source,) if source in _LOCKS else _LOCKS
    for lock in locks:
        path = project.root / lock
        line = _locked_line(path, pattern, version) if path.is_file() else 0
        if line:
            return lock, line
    requirement = re.compile(
        rf"""^[^#]*?(?:^|["'\s]){pattern}(?![\w.-]|\s*=\s*\{{?$)""", re.I
    )
    for path in (*sorted(project.root.glob("requirements*.txt")), _manifest(project)):
        for number, row in enumerate(_rows(path), 1):
            if requirement.match(row):
                return path.name, number
    return _manifest(project).name if _manifest(project).is_file() else "", 0


def _manifest(project: Project) -> Path:
    return project.root / "pyproject.toml"


def _rows(path: Path) -> list[str]:
    return path.read_text("utf-8", "replace").splitlines() if path.is_file() else []


def _locked_line(path: Path, pattern: str, version: str) -> int:
    """The line of a package in a lock, in the version that is used if it is there."""
    head = re.compile(
        rf"""^(?:name = "{pattern}"|\s*name: {pattern}|.*/{pattern}-\d.*)$""", re.I
    )
    best = 0
    rows = _rows(path)
    for number, row in enumerate(rows, 1):
        if not head.match(row) or "{" in row:
            continue
        if version in row or any(version in near for near in rows[number : number + 2]):
            return number
        best = best or number
    return best
