"""Find the lines of files that name a dependency."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ci_engine.checks.dependencies.inventory import Dependencies, Dependency
from ci_engine.project.repository import Project, normalize

_MANIFEST = "pyproject.toml"
# The version is on a line after the name; in Pipfile.lock it follows the hashes.
_NEAR = 2
_FAR = 40


def locations_of(
    project: Project, dependencies: Dependencies, dependency: Dependency
) -> Iterator[tuple[str, int]]:
    """The line in each file that lists a dependency, else in one that requires it."""
    files = dependencies.files.get(dependency, ())
    for file in files:
        yield file, _line(project.root / file, dependency)
    if files:
        return
    manifest = project.root / _MANIFEST
    listed = sorted(project.root.glob("requirements*.txt"))
    for path in (*listed, manifest):
        line = _required_line(_rows(path), _pattern(dependency.name))
        if line:
            yield path.name, line
            return
    yield _MANIFEST if manifest.is_file() else "", 0


def _line(path: Path, dependency: Dependency) -> int:
    rows, pattern = _rows(path), _pattern(dependency.name)
    return _locked_line(rows, pattern, dependency.version) or _required_line(
        rows, pattern
    )


def _pattern(name: str) -> str:
    return r"[-_.]+".join(re.escape(part) for part in normalize(name).split("-"))


def _rows(path: Path) -> list[str]:
    return path.read_text("utf-8", "replace").splitlines() if path.is_file() else []


def _required_line(rows: list[str], pattern: str) -> int:
    """The line that requires a name, as a requirement or as a key."""
    requirement = re.compile(
        rf"""^[^#]*?(?:^|["'\s=]){pattern}(?![\w.-]|\s*=\s*\{{?$)""", re.IGNORECASE
    )
    return next((n for n, row in enumerate(rows, 1) if requirement.match(row)), 0)


def _locked_line(rows: list[str], pattern: str, version: str) -> int:
    """The line of a package in a lock, preferably with the version that is used."""
    head = re.compile(
        rf"""^(?:name = "{pattern}"|\s*(?:- )?name: {pattern}"""
        rf"""|\s*(?:- conda: |- pypi: )\S*/{pattern}-\d\S*|\s*"{pattern}": \{{)$""",
        re.IGNORECASE,
    )
    best = 0
    for number, row in enumerate(rows, 1):
        if not head.match(row):
            continue
        near = _FAR if row.endswith("{") else _NEAR
        if any(version in text for text in rows[number - 1 : number + near]):
            return number
        best = best or number
    return best
