"""Order packages by their dependencies, and find cycles."""

from __future__ import annotations

from collections.abc import Collection, Mapping

Edges = Mapping[str, Collection[str]]


def find_cycles(edges: Edges) -> list[list[str]]:
    """List the sets of packages that depend on each other, or on themselves."""
    groups = [sorted(group) for group in _groups(edges)]
    return sorted(g for g in groups if len(g) > 1 or g[0] in edges[g[0]])


def in_order(edges: Edges, soft: Edges) -> list[str]:
    """Order packages after their dependencies, also by ``soft`` ones if possible.

    Packages that depend on each other are adjacent, sorted by name.
    """
    both = {name: {*edges[name], *soft.get(name, ())} for name in edges}
    order: list[str] = []
    for group in _groups(both):
        if len(group) == 1:
            order += group
            continue
        inside = {name: [n for n in edges[name] if n in group] for name in group}
        for smaller in _groups(inside):
            order += sorted(smaller)
    return order


def _groups(edges: Edges) -> list[list[str]]:
    """The strongly connected groups, each after those it needs (Tarjan, no recursion).

    Independent packages are in alphabetical order.
    """
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups: list[list[str]] = []
    for start in sorted(edges):
        if start in index:
            continue
        work = [(start, iter(sorted(edges[start])))]
        index[start] = low[start] = len(index)
        stack.append(start)
        while work:
            name, rest = work[-1]
            for other in rest:
                if other not in index:
                    index[other] = low[other] = len(index)
                    stack.append(other)
                    work.append((other, iter(sorted(edges[other]))))
                    break
                if other in stack:
                    low[name] = min(low[name], index[other])
            else:
                work.pop()
                if work:
                    parent = work[-1][0]
                    low[parent] = min(low[parent], low[name])
                if low[name] == index[name]:
                    position = stack.index(name)
                    groups.append(stack[position:])
                    del stack[position:]
    return groups
