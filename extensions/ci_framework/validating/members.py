"""The packages of a repository whose top is none: what their tests need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ci_engine.monorepo.package_graph import packages_graph
from ci_engine.project.repository import Project, read_project
from ci_framework.validating.declared import needs_of
from ci_framework.validating.needs import Need


def packages_below(project: Project) -> list[Need]:
    """The packages to install if the top of the repository is none itself."""
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
    """What these packages say that their tests need, as seen from the top."""
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
    """Packages by name, those first that others need."""
    if project.installable:
        return
    graph = packages_graph(project)
    paths = {package.name: package.path for package in graph.packages}
    for name in graph.order:
        yield f"package {name}", read_project(project.root / paths[name])


def _seen(path: str, words: tuple[str, ...]) -> Iterator[str]:
    """The words of an installer with paths from the top."""
    before = ""
    for word in words:
        if before == "--requirement":
            yield f"{path}/{word}"
        elif before == "--editable" and word.startswith("."):
            yield f"./{path}{word[1:]}"
        else:
            yield word
        before = word
