"""One package of a repository, viewed as a separate project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

import msgspec

from ci_engine.configuration.loading import Configuration, load_configuration, merge
from ci_engine.configuration.mcp_settings import NO_MCP
from ci_engine.configuration.project_settings import read_own_table
from ci_engine.configuration.reading import Table
from ci_engine.configuration.settings import CheckName
from ci_engine.configuration.tables import table
from ci_engine.monorepo.package_graph import find_package, packages_graph
from ci_engine.monorepo.package_model import Graph, Package
from ci_engine.monorepo.package_overrides import SelectiveCi, read_overrides
from ci_engine.project.repository import Project, read_project

# Checks of the whole repository run once, not for each package.
LEFT_OUT: Mapping[CheckName, str] = {
    "hooks": "the hooks are the repository's: its own gate runs them",
    "lock": "the lock is the repository's: its own gate checks it",
}


@dataclass(frozen=True)
class PackageView:
    """One package, and how to check it.

    Attributes:
        top: the repository.
        how: the repository's settings for it.
    """

    top: Project
    project: Project
    configuration: Configuration
    graph: Graph
    package: Package
    how: SelectiveCi


def holds_server(top: Project, package: Package) -> bool:
    """Whether a package has its own MCP server."""
    mcp = table(_own_settings(top, package), "mcp")
    return bool(mcp.get("command") or mcp.get("http-command"))


def _own_settings(top: Project, package: Package) -> Table:
    return read_own_table(top.root / package.path / "pyproject.toml")


def view_package(
    top: Project, name: str, variables: Mapping[str, str], overrides: Table
) -> PackageView:
    """View one package as a separate project."""
    graph = packages_graph(top)
    package = find_package(graph, name)
    how = read_overrides(top.root).selective.get(package.name, SelectiveCi())
    layer: Table = {} if how.tier == "inherit" else {"quality": {"tier": how.tier}}
    project = top
    if package.path != ".":
        inside = read_project(top.root / package.path)
        project = replace(
            inside, manager=top.manager, has_git=top.has_git, top=top.root
        )
        layer["source-paths"] = package.source_paths or ["."]
        layer["test-paths"] = package.test_paths
        # A server of the repository does not belong to its packages.
        layer["mcp"] = cast("Table", msgspec.to_builtins(NO_MCP))
        layer = merge(layer, _own_settings(top, package))
    configuration = load_configuration(top.root, variables, overrides, layer)
    return PackageView(top, project, configuration, graph, package, how)
