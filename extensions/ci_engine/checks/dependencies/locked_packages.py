"""Read what locks and pinned requirements say a project depends on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import msgspec

from ci_engine.checks.dependencies.inventory import (
    Dependencies,
    Dependency,
    declared_names,
    name_of,
    needed_names,
)
from ci_engine.checks.dependencies.lock_formats import (
    Gathered,
    read_pdm,
    read_pixi,
    read_poetry,
    read_pylock,
    read_uv,
)
from ci_engine.configuration.reading import read_text
from ci_engine.errors import ConfigurationError, ToolError
from ci_engine.project.repository import Project, normalize

_PINNED = re.compile(r"([A-Za-z0-9][\w.-]*)(?:\[[^]]*\])?\s*==\s*([\w.!+-]+)(?=\s|;|$)")
# Their managers lock everything that pyproject.toml requires.
_WHOLE = ("uv.lock", "poetry.lock", "pdm.lock")


def read_lock(project: Project) -> Dependencies | None:
    """Read the first lock there is; None if there is none.

    Raises:
        ToolError: if it cannot be read, or lacks what the project requires.
    """
    for name, read in _LOCKS.items():
        path = project.root / name
        if not path.is_file():
            continue
        try:
            found = read(path)
        except (ConfigurationError, msgspec.ValidationError) as error:
            raise ToolError(
                f"{name}: {error}", hint=f"lock again with the tool that wrote {name}"
            ) from error
        if name in _WHOLE:
            _refuse_old(project, name, found)
        direct = found.direct or tuple(sorted(declared_names(project)))
        return replace(found, direct=direct)
    return _pinned_requirements(project)


def _names(found: Dependencies) -> set[str]:
    return {normalize(each.name) for each in (*found.audited, *found.others)}


def _refuse_old(project: Project, lock: str, found: Dependencies) -> None:
    """Refuse a lock that lacks what the project requires."""
    own = normalize(project.distribution)
    known = _names(found) | set(found.direct) | {own}
    lacks = sorted(needed_names(project) - known)
    if lacks:
        raise ToolError(
            f"{lock} lacks what pyproject.toml requires: {', '.join(lacks[:5])}",
            hint=f"lock again with the tool that wrote {lock}",
        )


def _pinned_requirements(project: Project) -> Dependencies | None:
    """Requirement files count as a lock where each line of one names one version.

    What other files of requirements leave open cannot be looked up. Where the project
    requires more than the pins, they are not its lock.
    """
    gathered = Gathered()
    sources: list[str] = []
    left_open: dict[str, str] = {}
    for path in sorted(project.root.glob("requirements*.txt")):
        rows = list(_requirements(read_text(path)))
        pins = [_PINNED.match(row) for row in rows]
        if not rows:
            continue
        if not all(pins):
            names = (name_of(row) for row in rows if not row.startswith("-"))
            left_open |= dict.fromkeys(filter(None, names), path.name)
            continue
        sources.append(path.name)
        for pin in filter(None, pins):
            gathered.add(Dependency(normalize(pin.group(1)), pin.group(2)))
    found = gathered.all(", ".join(sources))
    if not sources or needed_names(project) - _names(found):
        return None
    loose = sorted(set(left_open) - _names(found))
    unknown = [f"{name} (not pinned in {left_open[name]})" for name in loose]
    return replace(found, unknown=tuple(unknown))


def _requirements(text: str) -> Iterable[str]:
    """The lines that name a requirement."""
    for line in text.replace("\\\n", " ").splitlines():
        row = line.partition(" #")[0].strip()
        if row and not row.startswith(("#", "--hash")):
            yield row


_LOCKS: Mapping[str, Callable[[Path], Dependencies]] = {
    "uv.lock": read_uv,
    "poetry.lock": read_poetry,
    "pdm.lock": read_pdm,
    "pylock.toml": read_pylock,
    "pixi.lock": read_pixi,
}
