"""The packages of a repository that are installed together with one of them."""

from __future__ import annotations

from collections.abc import Collection

from ci_engine.monorepo.package_model import DependsOn, Graph, Kind, Package

__all__ = ["needed_with"]


def needed_with(
    graph: Graph, name: str, first: Collection[Kind], further: Collection[Kind]
) -> list[Package]:
    """The packages that one needs, and those that they need in turn, in order.

    Args:
        graph: all packages.
        name: the one that needs them.
        first: the ways in which it may need another.
        further: the ways in which those may; what is needed with extras of it may
            need another by these as well.
    """
    packages = graph.by_name
    reached: set[str] = set()
    waiting = [(edge, first) for edge in packages[name].depends_on]
    while waiting:
        edge, kinds = waiting.pop()
        if edge.kind not in kinds or edge.name in reached:
            continue
        reached.add(edge.name)
        then: Collection[Kind] = {*further, "extra"} if _with_extras(edge) else further
        waiting += [(other, then) for other in packages[edge.name].depends_on]
    return [packages[other] for other in graph.order if other in reached - {name}]


def _with_extras(edge: DependsOn) -> bool:
    """Whether a package is needed with extras of it."""
    return "[" in edge.because
