"""Find the packages that a change affects, and their dependents."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ci_engine.changes.categories import Classifier, Reason
from ci_engine.changes.decision import HARMLESS, Decision
from ci_engine.changes.quiet_changes import ONLY_TOX
from ci_engine.monorepo.package_layout import is_below, is_test
from ci_engine.monorepo.package_model import Graph, Package

# Patterns of data apply to the whole repository: any package may read it.
_FAR_REACHING = frozenset({"always-run", "ci", "data", "everything"})
# Settings at the root that linters and type checkers read for every package.
_OF_CHECKS = frozenset(
    {"ruff.toml", ".ruff.toml", "mypy.ini", ".mypy.ini", "pyrightconfig.json"}
    | {"pyrefly.toml", ".bandit", ".coveragerc"}
    | {"pyproject.toml", "setup.cfg", "tox.ini"}
    | {"Makefile", "Justfile", "justfile", "Taskfile.yml"}
)


class AffectedPackages(msgspec.Struct, frozen=True):
    """The packages that must be checked.

    Attributes:
        changed: those that the change touches, each with the first reason.
        dependents: those that depend on them, each with the reason.
        everything: why all count as changed, empty if they do not.
    """

    changed: Mapping[str, str]
    dependents: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])
    everything: str = ""

    @property
    def because(self) -> dict[str, str]:
        """All of these packages, each with the reason."""
        return {**self.dependents, **self.changed}

    def names(self, graph: Graph) -> list[str]:
        """All of these packages, each after its dependencies."""
        return [name for name in graph.order if name in self.because]


def affected_by(
    graph: Graph, classifier: Classifier, decision: Decision
) -> AffectedPackages:
    """Find the packages that a change touches; shared files touch all of them.

    Documentation, and settings that no check of a package reads, touch only packages
    whose tests read them. A change of tests touches their own package, but not its
    dependents.
    """
    changed: dict[str, str] = {}
    with_dependents: set[str] = set()
    within: dict[str, Classifier] = {}
    for reason in decision.reasons:
        if reason.category in HARMLESS:
            continue
        because = f"{reason.path}: {reason.because}".removeprefix(": ")
        package = _owner(graph, classifier, reason.path)
        if package is None and _is_for_no_check(reason):
            continue
        if package is None or reason.category in _FAR_REACHING:
            return AffectedPackages(dict.fromkeys(graph.names, because), {}, because)
        inside = reason.path[len(package.prefix) :]
        if package.name not in within:
            within[package.name] = classifier.within(package)
        own = within[package.name].classify(inside)
        if own.category in HARMLESS:
            continue
        changed.setdefault(package.name, because if own.path == "" else reason.path)
        if not _only_test(package, inside):
            with_dependents.add(package.name)
    for test, text in _readers(decision).items():
        package = _owner(graph, classifier, test)
        if package is not None:
            changed.setdefault(package.name, f"{test} reads {text}")
    dependents = graph.dependents(sorted(with_dependents))
    return AffectedPackages(
        changed,
        {
            name: f"it needs {needed}"
            for name, needed in dependents.items()
            if name not in changed
        },
    )


def _is_for_no_check(reason: Reason) -> bool:
    """Whether a file at the root is not read by any check of a package."""
    name = reason.path.rpartition("/")[2]
    read = name in _OF_CHECKS and reason.because != ONLY_TOX
    return reason.category == "config" and not read


def _readers(decision: Decision) -> dict[str, str]:
    """The tests that read changed files which touch no package, each with one."""
    texts = {
        r.path
        for r in decision.reasons
        if r.category in HARMLESS or _is_for_no_check(r)
    }
    return {
        chain.path: chain.way[0]
        for chain in decision.affected.chains
        if chain.way and chain.way[0] in texts
    }


def _owner(graph: Graph, classifier: Classifier, path: str) -> Package | None:
    """The package of a path; a root package owns only its code and tests."""
    within = [p for p in graph.packages if p.path != "." and path.startswith(p.prefix)]
    if within:
        return max(within, key=lambda package: len(package.path))
    top = next((package for package in graph.packages if package.path == "."), None)
    if top is None or classifier.classify(path).category not in ("source", "tests"):
        return None
    locations = (*top.source_paths, *top.test_paths)
    return top if is_below(path, locations) else None


def _only_test(package: Package, inside: str) -> bool:
    """Whether a file is a test that no other package can import."""
    in_code = is_below(inside, [p for p in package.source_paths if p != "."])
    tests = [] if in_code else package.test_paths
    return is_test(inside, tests) and not (in_code and inside.endswith("conftest.py"))
