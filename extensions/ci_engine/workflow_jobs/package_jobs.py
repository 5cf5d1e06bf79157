"""The jobs of ``monorepo.yml``: a leg for each package that has to be checked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from ci_engine.changes.affected_packages import AffectedPackages, affected_by
from ci_engine.changes.categories import Classifier
from ci_engine.changes.decision import Decision
from ci_engine.configuration.loading import Configuration
from ci_engine.configuration.settings import OF_SERVERS, TIERS, CheckName, Settings
from ci_engine.monorepo.package_graph import packages_graph
from ci_engine.monorepo.package_model import Graph, Package
from ci_engine.monorepo.package_view import holds_server
from ci_engine.project.repository import Project
from ci_engine.project.requires_python import allows_python
from ci_engine.workflow_jobs.jobs import (
    BESIDE_A_SELECTION,
    Jobs,
    MatrixJob,
    as_matrix,
    on_first_platform,
)

# GitHub takes 256 jobs of one matrix; some are left for others.
_MOST_LEGS = 200
# What an unchanged package may no longer pass when one that it needs changes.
_ACROSS: tuple[CheckName, ...] = ("typecheck", "test")
# They look at every file there is, or at what the packages have in common.
_ONCE: frozenset[CheckName] = frozenset(
    {"no-conflict-markers", "lint", "format", "hooks", "lock"}
)
# Made for the whole repository as well: what is sent to code scanning is complete.
_OF_REPOSITORY: frozenset[CheckName] = _ONCE | {
    "security",
    "audit",
    "policy",
}


class PackageChanges(msgspec.Struct, frozen=True):
    """The packages of a repository and those that a change touches.

    Attributes:
        servers: whether one of the packages is an MCP server.
    """

    graph: Graph
    affected: AffectedPackages
    planned: bool
    servers: bool = False

    @property
    def names(self) -> list[str]:
        """The packages that have to be checked; none where there is only one."""
        few = len(self.graph.packages) < 2  # noqa: PLR2004 - the repository itself
        return [] if few else sorted(self.affected.because)


def find_affected(
    project: Project,
    classifier: Classifier,
    decision: Decision,
    dependents: Literal["auto", "true", "false"],
) -> PackageChanges:
    """Find the packages that a change touches."""
    graph = packages_graph(project)
    affected = affected_by(graph, classifier, decision)
    if dependents == "false":
        affected = msgspec.structs.replace(affected, dependents={})
    planned = dependents == "true" or len(graph.packages) > 1
    below = [each for each in graph.packages if each.path != "."]
    servers = any(holds_server(project, each) for each in below)
    return PackageChanges(graph, affected, planned, servers)


def checks_of_repository(settings: Settings) -> list[CheckName]:
    """The checks of its tier that are made once for all packages."""
    once = _OF_REPOSITORY | OF_SERVERS
    return [name for name in _checks(settings) if name in once]


def checks_of_packages(settings: Settings, *, servers: bool = False) -> list[CheckName]:
    """The checks of its tier that are made for each package.

    Args:
        settings: those of the repository.
        servers: whether some of the packages are MCP servers.
    """
    once = _ONCE | OF_SERVERS
    checks = [name for name in _checks(settings) if name not in once]
    if servers:
        reached = TIERS[: TIERS.index(settings.quality.tier) + 1]
        checks += [n for n in OF_SERVERS if settings.checks[n].tier in reached]
    return checks


def _checks(settings: Settings) -> list[CheckName]:
    # All tests of a package run: no selection may miss a module of it.
    checks = settings.checks_of(settings.quality.tier, package=True)
    return [name for name in checks if name not in BESIDE_A_SELECTION]


def with_packages(
    jobs: Jobs, packages: PackageChanges, configuration: Configuration
) -> Jobs:
    """Add the legs of the packages, or why there are none."""
    if not packages.planned:
        return jobs
    settings = configuration.settings
    here = checks_of_repository(settings)
    alone = checks_of_packages(settings, servers=packages.servers)
    across = [name for name in _ACROSS if name in alone]
    affected, order = packages.affected, packages.graph.order
    changed = [name for name in order if name in affected.changed]
    others = [name for name in order if name in affected.dependents]
    skips = dict(jobs.skips)
    if not here:
        skips["quick-checks"] = "the tier has no check for it"
    if not changed:
        empty = not packages.graph.packages
        why = "there are no packages" if empty else "the change touches no package"
        skips["packages"] = why
    elif not alone:
        skips["packages"] = "the tier has no check for it"
    if not others:
        skips["cross-package-tests"] = (
            "every package is checked as a changed one"
            if affected.everything
            else "no other package needs what the change touches"
        )
    elif not across:
        skips["cross-package-tests"] = "the tier has no check for it"
    outputs: Mapping[str, str] = {
        "packages": json.dumps(packages.names),
        "repository-checks": ",".join(here),
        "package-checks": ",".join(alone),
        "package-matrix": _matrix(packages.graph, changed, configuration),
        "cross-matrix": _matrix(packages.graph, others, configuration),
        "cross-checks": ",".join(across),
    }
    more = {**jobs.more, **outputs}
    return msgspec.structs.replace(jobs, skips=skips, more=more)


def _matrix(graph: Graph, names: Sequence[str], configuration: Configuration) -> str:
    """A leg for each package and Python; with too many packages, for some at once.

    Each package is tested on the oldest and the newest Python that it allows.
    """
    by_leg: dict[MatrixJob, list[str]] = {}
    for name in names:
        for matrix_job in matrix_jobs_of(graph.by_name[name], configuration):
            by_leg.setdefault(matrix_job, []).append(name)
    size = -(-sum(map(len, by_leg.values())) // _MOST_LEGS) or 1
    return as_matrix(
        {
            "label": _label(group),
            "package": ",".join(group),
            **msgspec.to_builtins(matrix_job),
        }
        for matrix_job, members in by_leg.items()
        for group in (members[i : i + size] for i in range(0, len(members), size))
    )


def matrix_jobs_of(package: Package, configuration: Configuration) -> list[MatrixJob]:
    """The legs of a package: the oldest and the newest Python that it allows."""
    matrix_jobs = on_first_platform(configuration)
    fit = [
        matrix_job
        for matrix_job in matrix_jobs
        if allows_python(package.requires_python, matrix_job.python_version)
    ] or matrix_jobs[-1:]
    return list(dict.fromkeys((fit[0], fit[-1])))


def _label(group: Sequence[str]) -> str:
    """The name of a job and of its artifact."""
    return group[0] if len(group) == 1 else f"{group[0]}-and-{len(group) - 1}-more"
