"""Check whether a lock satisfies the manifest beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ci_engine.checks.dependencies.declared_requirements import (
    overridden_names,
    rows_in_lock,
)
from ci_engine.checks.dependencies.file_kinds import LockKind
from ci_engine.checks.dependencies.gathered_packages import Gathered
from ci_engine.checks.dependencies.inventory import name_of
from ci_engine.checks.dependencies.version_ranges import allows
from ci_engine.configuration.reading import Table
from ci_engine.configuration.tables import text
from ci_engine.errors import ConfigurationError
from ci_engine.project.repository import normalize

_MOST_NAMED = 5


@dataclass(frozen=True)
class Lock:
    """One lock file.

    Attributes:
        refresh: the command that updates it.
        gathered: the packages it lists; None if it could not be read.
    """

    kind: LockKind
    name: str
    refresh: str
    gathered: Gathered | None

    @property
    def names(self) -> frozenset[str]:
        """The names of its packages, including the projects it covers."""
        if self.gathered is None:
            return frozenset()
        direct = {name_of(text) for text in self.gathered.direct}
        listed = self.gathered.all().names | self.gathered.owners | direct
        return frozenset(map(normalize, listed))


def problem_of(lock: Lock, directory: Path, document: Table) -> str:
    """Why a lock does not satisfy the manifests beside it, empty if it does."""
    gathered = lock.gathered
    if gathered is None:
        return ""
    own = normalize(text(document, "project", "name"))
    if own and gathered.owners and own not in gathered.owners:
        others = ", ".join(sorted(gathered.owners)[:_MOST_NAMED])
        return f"{lock.name} is the lock of {others}, not of {own}; {lock.refresh}"
    try:
        rows = rows_in_lock(lock.kind.name, directory, document)
    except ConfigurationError as error:
        return f"{lock.name} cannot be compared: {error}"
    overridden = overridden_names(document)
    lacks = _lacking(lock, rows, {own, *overridden})
    if lacks:
        listed = ", ".join(lacks[:_MOST_NAMED])
        manifest = _manifest(lock, directory)
        return f"{lock.name} lacks what {manifest} requires: {listed}; {lock.refresh}"
    stale = _stale(gathered, rows, overridden)
    if stale:
        return f"{lock.name} is stale: {', '.join(stale[:_MOST_NAMED])}; {lock.refresh}"
    return ""


def _manifest(lock: Lock, directory: Path) -> str:
    own = {
        "Pipfile.lock": "Pipfile",
        "pixi.lock": "pixi.toml",
        "conda-lock.yml": "environment.yml",
    }.get(lock.kind.name, "")
    return own if own and (directory / own).is_file() else "pyproject.toml"


def _lacking(lock: Lock, rows: list[str], without: set[str]) -> list[str]:
    """Unconditional requirements that are not locked."""
    names = {name_of(row) for row in rows if ";" not in row}
    return sorted(filter(None, names - lock.names - without))


def _stale(
    gathered: Gathered, rows: list[str], overridden: frozenset[str]
) -> list[str]:
    """Locked versions that the requirements no longer allow."""
    versions: dict[str, list[str]] = {}
    for each in (*gathered.audited, *gathered.others):
        if each.version:
            versions.setdefault(normalize(each.name), []).append(each.version)
    found: list[str] = []
    for row in rows:
        name, ranges = name_of(row), row.partition(";")[0]
        locked = versions.get(name, [])
        open_to_others = ";" in row or name in overridden or "@" in ranges
        if locked and not open_to_others:
            fits = any(allows(ranges, version) for version in locked)
            found += [] if fits else [f"it has {name} {locked[0]}, not {row.strip()}"]
    return found
