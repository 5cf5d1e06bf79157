"""Describe packages and their dependencies: as text, Markdown and Mermaid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from ci_engine.monorepo.package_model import DependsOn, Graph, Package

# Dependencies that users of a package do not get are drawn dotted.
_DOTTED = frozenset({"development", "test-import", "optional-import", "extra", "build"})


class Dependent(msgspec.Struct, frozen=True, kw_only=True):
    """A package that depends on another one, directly or through ``through``."""

    name: str
    through: str


class Analysis(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """One package with its relations to the others.

    Attributes:
        depends_on: its direct dependencies.
        dependencies: all of its dependencies, in order.
        order: all of these packages, each after its dependencies.
        cycles: the cycles with this package.
        cycles_by_extras: the cycles that only exist through an extra.
    """

    schema: int = 1
    package: str
    path: str
    depends_on: list[DependsOn]
    dependencies: list[str]
    dependents: list[Dependent]
    order: list[str]
    cycles: list[list[str]]
    cycles_by_extras: list[list[str]]


def analyze(graph: Graph, package: Package) -> Analysis:
    """Collect everything about one package."""
    dependencies = [p.name for p in graph.needed_with(package.name)]
    dependents = graph.dependents([package.name])
    around = {package.name, *dependencies, *dependents}
    return Analysis(
        package=package.name,
        path=package.path,
        depends_on=package.depends_on,
        dependencies=dependencies,
        dependents=[Dependent(name=n, through=t) for n, t in dependents.items()],
        order=[name for name in graph.order if name in around],
        cycles=[cycle for cycle in graph.cycles if package.name in cycle],
        cycles_by_extras=[c for c in graph.cycles_by_extras if package.name in c],
    )


def to_text(graph: Graph, analysis: Analysis | None) -> str:
    """Describe it as plain text."""
    return "\n".join(_about(analysis) if analysis else _all(graph)) + "\n"


def _all(graph: Graph) -> Iterator[str]:
    number = len(graph.packages)
    yield f"{number} package{'s' * (number != 1)}, each after those it needs:"
    packages = graph.by_name
    for name in graph.order:
        package = packages[name]
        imported = ", ".join(package.import_names[:3]) or "nothing to import"
        yield (
            f"  {name} {package.version}".rstrip() + f" in {package.path} ({imported})"
        )
        for other in package.depends_on:
            yield f"    needs {other.name}: {other.kind} ({other.because})"
    yield from _cycles(graph.cycles, graph.cycles_by_extras)
    if graph.ignored:
        yield "not packages:"
    for entry in graph.ignored:
        yield f"  {entry.path}: {entry.because}"


def _about(analysis: Analysis) -> Iterator[str]:
    yield f"{analysis.package} in {analysis.path}"
    yield "depends on:" if analysis.depends_on else "depends on no other package"
    for other in analysis.depends_on:
        yield f"  {other.name}: {other.kind} ({other.because})"
    further = set(analysis.dependencies) - {o.name for o in analysis.depends_on}
    for name in (name for name in analysis.dependencies if name in further):
        yield f"  {name}: through the others"
    yield "dependents:" if analysis.dependents else "no other package depends on it"
    for dependent in analysis.dependents:
        through = dependent.through
        how = "" if through == analysis.package else f": through {through}"
        yield f"  {dependent.name}{how}"
    yield f"order: {' > '.join(analysis.order)}"
    yield from _cycles(analysis.cycles, analysis.cycles_by_extras)


def _cycles(
    cycles: Sequence[Sequence[str]], by_extras: Sequence[Sequence[str]]
) -> Iterator[str]:
    for cycle in cycles:
        yield f"cycle: {', '.join(cycle)} need each other"
    for cycle in by_extras:
        yield f"cycle: {', '.join(cycle)} need each other with an extra"
    if not cycles and not by_extras:
        yield "no cycles"


def to_mermaid(graph: Graph, analysis: Analysis | None = None) -> str:
    """Draw it as a Mermaid graph; arrows point to dependencies."""
    wanted = set(graph.names) if analysis is None else set(analysis.order)
    numbers = {name: f"p{number}" for number, name in enumerate(graph.order)}
    lines = ["graph LR"]
    shown = [name for name in graph.order if name in wanted]
    lines += [f'  {numbers[name]}["{name}"]' for name in shown]
    for package in (p for p in graph.packages if p.name in wanted):
        lines += [
            f"  {numbers[package.name]} {_arrow(other)} {numbers[other.name]}"
            for other in package.depends_on
            if other.name in wanted
        ]
    if analysis is not None:
        lines.append(f"  style {numbers[analysis.package]} stroke-width:4px")
    return "\n".join(lines) + "\n"


def _arrow(other: DependsOn) -> str:
    return "-.->" if other.kind in _DOTTED else "-->"


def to_page(graph: Graph, analysis: Analysis | None = None) -> str:
    """Describe it as a Markdown page."""
    text = to_text(graph, analysis)
    number = len(graph.packages)
    title = analysis.package if analysis else f"{number} package{'s' * (number != 1)}"
    drawn = to_mermaid(graph, analysis)
    return f"## Packages: {title}\n\n```mermaid\n{drawn}```\n\n```text\n{text}```\n\n"
