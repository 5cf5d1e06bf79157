"""The directories in which imports are resolved."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterator, Sequence

from ci_engine.project.python_sources import walk
from ci_engine.test_selection.pytest_settings import PytestSettings
from ci_engine.test_selection.python_imports import parse
from ci_engine.test_selection.repository_files import Files, is_below, parent, parents


def declared_roots(
    files: Files, source_paths: Sequence[str], pytest: PytestSettings
) -> list[str]:
    """The directories from which every file may import.

    These are the declared directories of code, those that pytest adds, the root, each
    ``src`` and each directory with a pyproject.toml.
    """
    sources = [path.strip("/") if path != "." else "" for path in source_paths]
    roots = [files.outside_of_packages(path) for path in sources]
    roots += [*pytest.python_path, "", *sorted(_projects(files))]
    return [root for root in dict.fromkeys(roots) if root in files.directories]


def other_roots(files: Files, declared: Sequence[str]) -> list[str]:
    """The directories from which some files may import.

    Scripts and tests import files beside them, and from what they add to the path.
    """
    inside = frozenset(declared) - {""}
    roots: list[str] = []
    beside = {parent(name) for name in files.python}
    beside = {files.outside_of_packages(location) for location in beside}
    roots += sorted(location for location in beside if not is_below(location, inside))
    roots += sorted(_added_to_path(files))
    return [root for root in dict.fromkeys(roots) if root in files.directories]


def _projects(files: Files) -> set[str]:
    """The source directories of a monorepo's projects."""
    found = {
        parent(name)
        for name in files.names
        if name.endswith(("/pyproject.toml", "/setup.py", "/setup.cfg"))
    }
    found |= {f"{location}/src" for location in found}
    found.add("src")
    return found & files.directories - files.packages


def _added_to_path(files: Files) -> Iterator[str]:
    """The directories that a file adds to the path by a literal name."""
    for name in files.containing(b"sys.path", b"syspath_prepend"):
        tree = parse(files.read(name))
        if tree is None:
            continue
        locations = [parent(name), *parents(parent(name))]
        yield from locations[:3]
        for node in walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for location in locations:
                    path = posixpath.normpath(posixpath.join(location, node.value))
                    if path in files.directories:
                        yield path
