"""The test requirements of packages in a repository without a root package."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ci_engine.monorepo.package_graph import packages_graph
from ci_engine.project.repository import Project, read_project
from ci_framework.validating.declared import needs_of
from ci_framework.validating.needs import Need


def packages_below(project: Project) -> list[Need]:
    """The packages to install if the repository has no root package."""
    return [
        Need(
            ("--editable", f"./{inner.root.relative_to(project.root).as_posix()}"),
            name,
            tests=True,
        )
        for name, inner in _below(project)
        if inner.installable
    ]


def needs_below(project: Project) -> list[Need]:
    """The declared test requirements of these packages, with paths from the root."""
    return [
        replace(
            need,
            words=tuple(
                _seen(inner.root.relative_to(project.root).as_posix(), need.words)
            ),
            because=f"{need.because} of {name}",
            source="other",
        )
        for name, inner in _below(project)
        for need in needs_of(inner)
    ]


def _below(project: Project) -> Iterator[tuple[str, Project]]:
    """Packages by name, dependencies first."""
    if project.installable:
        return
    graph = packages_graph(project)
    paths = {package.name: package.path for package in graph.packages}
    for name in graph.order:
        yield f"package {name}", read_project(project.root / paths[name])


def _seen(path: str, words: tuple[str, ...]) -> Iterator[str]:
    """Installer arguments with paths from the root."""
    before = ""
    for word in words:
        if before == "--requirement":
            yield f"{path}/{word}"
        elif before == "--editable" and word.startswith("."):
            yield f"./{path}{word[1:]}"
        else:
            yield word
        before = word
