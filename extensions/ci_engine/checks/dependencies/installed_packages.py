"""List the packages in a project's prepared environment."""

from __future__ import annotations

import msgspec

from ci_engine.checks.dependencies.declared_requirements import declared_names
from ci_engine.checks.dependencies.inventory import Dependencies, Dependency, name_of
from ci_engine.checks.workspace import Workspace
from ci_engine.environments import inside
from ci_engine.environments.environment import environment_error
from ci_engine.project.repository import normalize

# Packages that environment managers add; dependencies only if something requires them.
_INSTALLERS = frozenset({"pip", "setuptools", "wheel"})


class _Installed(msgspec.Struct):
    name: str
    version: str
    origin: str
    requires: list[str]


def read_environment(workspace: Workspace) -> Dependencies:
    """List the installed packages of the prepared environment, without the project.

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
        dependency = Dependency(name, row.version, requires=requires)
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
    """Why no advisory covers a distribution, empty if advisories do."""
    if row.origin:
        return row.origin
    if not name or not row.version:
        return "without name or version"
    if name in _INSTALLERS and name not in required:
        return "came with the environment"
    return ""
