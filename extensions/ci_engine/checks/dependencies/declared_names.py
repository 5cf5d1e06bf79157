"""The names of the declared dependencies of a project, wherever they are."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ci_engine.configuration.tables import table, texts
from ci_engine.project.repository import Project, normalize

__all__ = ["declared_names", "name_of", "needed_names"]

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


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
