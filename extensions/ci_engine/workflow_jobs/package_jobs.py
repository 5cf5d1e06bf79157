"""The jobs of ``monorepo.yml``: a matrix job for each package to check."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from itertools import islice
from typing import Literal

import msgspec

from ci_engine.changes.affected_packages import AffectedPackages, affected_by
from ci_engine.changes.categories import Classifier
from ci_engine.changes.decision import Decision
from ci_engine.configuration.loading import Configuration
from ci_engine.configuration.settings import OF_SERVERS, TIERS, CheckName, Settings
from ci_engine.monorepo.package_graph import packages_graph
from ci_engine.monorepo.package_layout import is_test
from ci_engine.monorepo.package_model import Graph
from ci_engine.monorepo.package_view import holds_server
from ci_engine.project.repository import Project
from ci_engine.workflow_jobs.jobs import BESIDE_A_SELECTION, Jobs, as_matrix
from ci_engine.workflow_jobs.package_matrix import PackageMatrix, shards_of

# Checks that an unchanged package may fail after one of its dependencies changed.
_ACROSS: tuple[CheckName, ...] = ("typecheck", "test")
# Checks of all files, or of what the packages have in common.
_ONCE: frozenset[CheckName] = frozenset(
    {"no-conflict-markers", "lint", "format", "hooks", "lock"}
)
# Also run for the whole repository, so that uploads to code scanning are complete.
_OF_REPOSITORY: frozenset[CheckName] = _ONCE | {
    "security",
    "audit",
    "policy",
}


class PackageChanges(msgspec.Struct, frozen=True):
    """The packages of a repository and those that a change affects.

    Attributes:
        servers: whether one of the packages is an MCP server.
        test_files: the number of test files in each package.
    """

    graph: Graph
    affected: AffectedPackages
    planned: bool
    servers: bool = False
    test_files: Mapping[str, int] = msgspec.field(default_factory=dict[str, int])

    @property
    def names(self) -> list[str]:
        """The packages to check; empty if there is only one package."""
        few = len(self.graph.packages) < 2  # noqa: PLR2004 - the repository itself
        return [] if few else sorted(self.affected.because)


def find_affected(
    project: Project,
    classifier: Classifier,
    decision: Decision,
    dependents: Literal["auto", "true", "false"],
) -> PackageChanges:
    """Find the packages that a change affects."""
    graph = packages_graph(project)
    affected = affected_by(graph, classifier, decision)
    if dependents == "false":
        affected = msgspec.structs.replace(affected, dependents={})
    planned = dependents == "true" or len(graph.packages) > 1
    below = [each for each in graph.packages if each.path != "."]
    servers = any(holds_server(project, each) for each in below)
    test_files = count_test_files(project, graph)
    return PackageChanges(graph, affected, planned, servers, test_files)


def count_test_files(project: Project, graph: Graph) -> Mapping[str, int]:
    """The number of test files in each package, by their names."""
    inner_first = sorted(graph.packages, key=lambda each: -len(each.prefix))
    found: Counter[str] = Counter()
    for name in project.names:
        if is_test(name, ()) and not name.endswith("conftest.py"):
            owner = (each for each in inner_first if name.startswith(each.prefix))
            found.update(each.name for each in islice(owner, 1))
    return found


def checks_of_repository(settings: Settings) -> list[CheckName]:
    """The checks of the tier that run once for all packages."""
    once = _OF_REPOSITORY | OF_SERVERS
    return [name for name in _checks(settings) if name in once]


def checks_of_packages(settings: Settings, *, servers: bool = False) -> list[CheckName]:
    """The checks of the tier that run for each package.

    Args:
        settings: the settings of the repository.
        servers: whether some of the packages are MCP servers.
    """
    once = _ONCE | OF_SERVERS
    checks = [name for name in _checks(settings) if name not in once]
    if servers:
        reached = TIERS[: TIERS.index(settings.quality.tier) + 1]
        checks += [n for n in OF_SERVERS if settings.checks[n].tier in reached]
    return checks


def _checks(settings: Settings) -> list[CheckName]:
    # All tests of a package run, so that no module is missed.
    checks = settings.checks_of(settings.quality.tier, package=True)
    return [name for name in checks if name not in BESIDE_A_SELECTION]


def with_packages(
    jobs: Jobs, packages: PackageChanges, configuration: Configuration
) -> Jobs:
    """Add the matrix jobs of the packages, or why there are none."""
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
    matrix = PackageMatrix(packages.graph, configuration, packages.test_files)
    direct, cross = matrix.jobs(changed, alone), matrix.jobs(others, across)
    shards = [*shards_of(direct), *shards_of(cross, "cross-")]
    if not shards:
        skips["combined-package-tests"] = "the tests are not divided among shards"
    outputs: Mapping[str, str] = {
        "packages": json.dumps(packages.names),
        "repository-checks": ",".join(here),
        "package-checks": ",".join(alone),
        "package-matrix": as_matrix(direct),
        "cross-matrix": as_matrix(cross),
        "shard-matrix": as_matrix(shards),
        "cross-checks": ",".join(across),
    }
    more = {**jobs.more, **outputs}
    return msgspec.structs.replace(jobs, skips=skips, more=more)
