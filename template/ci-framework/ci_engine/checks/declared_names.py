"""The names of what a project says it depends on, wherever it says so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from ci_engine.project import Project, normalise

__all__ = ["declared_names", "name_of", "needed_names"]

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


def name_of(requirement: str) -> str:
    """The name in a requirement such as ``six[x]>=1; extra == 'y'``."""
    found = _NAME.match(requirement.strip())
    return normalise(found.group()) if found else ""


def needed_names(project: Project) -> frozenset[str]:
    """What the project always needs: requirements that hold on no condition."""
    table = _table(project.pyproject, "project")
    rows = [row for row in _texts(table.get("dependencies")) if ";" not in row]
    return _names(rows)


def declared_names(project: Project) -> frozenset[str]:
    """Everything that the project asks for itself, also in extras and groups."""
    table = _table(project.pyproject, "project")
    rows = [*_texts(table.get("dependencies"))]
    for extra in _table(table, "optional-dependencies").values():
        rows += _texts(extra)
    for requirements in project.groups.values():
        rows += requirements
    tools = _table(project.pyproject, "tool")
    poetry = _table(tools, "poetry")
    groups = [_table(poetry, name) for name in ("dependencies", "dev-dependencies")]
    named = map(_as_table, _table(poetry, "group").values())
    groups += [_table(group, "dependencies") for group in named]
    pixi = _table(tools, "pixi")
    features = [pixi, *map(_as_table, _table(pixi, "feature").values())]
    for feature in features:
        groups += [_table(feature, n) for n in ("dependencies", "pypi-dependencies")]
    rows += [name for group in groups for name in group]
    for group in _table(_table(tools, "pdm"), "dev-dependencies").values():
        rows += _texts(group)
    return _names(rows)


def _names(rows: Iterable[str]) -> frozenset[str]:
    return frozenset(filter(None, map(name_of, rows)))


def _table(parent: Mapping[str, object], name: str) -> Mapping[str, object]:
    return _as_table(parent.get(name))


def _as_table(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, list):
        items = cast("list[object]", value)
        yield from (item for item in items if isinstance(item, str))
