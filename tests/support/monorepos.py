"""Small monorepos, and the packages that the engine finds."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

from ci_engine.monorepo.package_graph import packages_graph
from ci_engine.monorepo.package_model import Graph, Package
from ci_engine.project.repository import Project, read_project


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files below a directory."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes) else _plain(content)
        path.write_bytes(data)
    return root


def _plain(text: str) -> bytes:
    return textwrap.dedent(text).encode()


def pyproject(name: str, *needs: str, more: str = "") -> str:
    """The manifest of a package that declares what it needs."""
    listed = ", ".join(f'"{need}"' for need in needs)
    head = f'[project]\nname = "{name}"\nversion = "1.0"\ndependencies = [{listed}]\n'
    return head + textwrap.dedent(more)


def package(
    path: str, *needs: str, code: str = "", tests: str = "", more: str = ""
) -> dict[str, str]:
    """The files of a package with the src layout, named like its directory."""
    name = path.rpartition("/")[2]
    module = name.replace("-", "_")
    files = {
        f"{path}/pyproject.toml": pyproject(name, *needs, more=more),
        f"{path}/src/{module}/__init__.py": code,
    }
    if tests:
        files[f"{path}/tests/test_{module}.py"] = tests
    return files


def project_of(root: Path) -> Project:
    return read_project(root)


def graph_of(root: Path, files: Mapping[str, str | bytes] | None = None) -> Graph:
    """The packages of a directory, after writing some files to it."""
    write(root, files or {})
    return packages_graph(project_of(root))


def edges(graph: Graph) -> dict[str, dict[str, str]]:
    """The kind of each dependency, by both names."""
    return {
        p.name: {other.name: other.kind for other in p.depends_on}
        for p in graph.packages
    }


def one(graph: Graph, name: str) -> Package:
    return graph.by_name[name]
