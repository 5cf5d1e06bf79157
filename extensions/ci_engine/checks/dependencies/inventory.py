"""What a project depends on: from its lock, or from its prepared environment."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import msgspec

from ci_engine.checks.workspace import Workspace
from ci_engine.configuration.tables import table, texts
from ci_engine.environments import inside
from ci_engine.environments.environment import environment_error
from ci_engine.findings.results import name_some
from ci_engine.project.repository import Project, normalize

# What makers of environments put in; a dependency only if something requires it.
_INSTALLERS = frozenset({"pip", "setuptools", "wheel"})
_MOST_NAMED = 20
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "pixi.lock")


@dataclass(frozen=True, order=True)
class Dependency:
    """One distribution in one version.

    Attributes:
        kind: which index it is from: that of Python, or one of conda.
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
        return f"{text}; not known: {name_some(self.unknown, _MOST_NAMED)}"


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
    """Find the line that requires a dependency: in a lock, else in a manifest."""
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


def name_of(requirement: str) -> str:
    """The name in a requirement such as ``six[x]>=1; extra == 'y'``."""
    found = _NAME.match(requirement.strip())
    return normalize(found.group()) if found else ""


def needed_names(project: Project) -> frozenset[str]:
    """What the project always needs: requirements that hold on no condition."""
    own = table(project.pyproject, "project")
    rows = [row for row in texts(own, "dependencies") if ";" not in row]
    return _names(rows)


def declared_names(project: Project) -> frozenset[str]:
    """Everything that the project itself requires, also in extras and groups."""
    own = table(project.pyproject, "project")
    rows = [*texts(own, "dependencies")]
    for extra in table(own, "optional-dependencies").values():
        rows += texts(extra)
    for group in project.groups.values():
        rows += group
    tools = table(project.pyproject, "tool")
    poetry = table(tools, "poetry")
    groups = [table(poetry, name) for name in ("dependencies", "dev-dependencies")]
    named = map(table, table(poetry, "group").values())
    groups += [table(group, "dependencies") for group in named]
    pixi = table(tools, "pixi")
    features = [pixi, *map(table, table(pixi, "feature").values())]
    for feature in features:
        groups += [table(feature, n) for n in ("dependencies", "pypi-dependencies")]
    rows += [name for group in groups for name in group]
    for listed in table(tools, "pdm", "dev-dependencies").values():
        rows += texts(listed)
    return _names(rows)


def _names(rows: Iterable[str]) -> frozenset[str]:
    return frozenset(filter(None, map(name_of, rows)))
