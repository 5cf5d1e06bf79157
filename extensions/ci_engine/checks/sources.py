"""Which files are the project's own code, as opposed to its tests and to ours."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from ci_engine.checks.context import Context
from ci_engine.project.repository import Project

__all__ = [
    "FRAMEWORK_DIRECTORY",
    "is_below",
    "is_framework_file",
    "source_files",
    "text_of",
]

# The framework's own files, or a clone of it, are not the project's to fix.
FRAMEWORK_DIRECTORY = "ci-framework"
_OURS = (f"{FRAMEWORK_DIRECTORY}/", ".ci-framework/")
_THEIRS = f"{FRAMEWORK_DIRECTORY}/project/"


def is_framework_file(name: str) -> bool:
    """Whether a file belongs to the framework, by its path."""
    return name.startswith(_OURS) and not name.startswith(_THEIRS)


def source_files(context: Context, suffixes: Iterable[str]) -> list[str]:
    """Files below the source paths that are neither tests nor the engine.

    Args:
        context: the run; where it is limited to paths, so are the files.
        suffixes: the suffixes of the files, for example ``.py``.
    """
    wanted = frozenset(suffixes)
    settings, paths = context.settings, context.request.paths
    return [
        name
        for path in context.project.files
        if path.suffix in wanted
        and is_below(name := context.project.relative(path), settings.source_paths)
        and not is_below(name, settings.test_paths)
        and not is_framework_file(name)
        and (not paths or is_below(name, paths))
    ]


def is_below(name: str, directories: Iterable[str]) -> bool:
    """Whether a file is one of the paths, or below one of them."""
    path = PurePosixPath(name)
    return any(
        path.is_relative_to(PurePosixPath(directory.replace("\\", "/")))
        for directory in directories
    )


def text_of(project: Project, name: str) -> str:
    """The text of a file of the project, empty if there is none."""
    path = project.root / name
    return path.read_text("utf-8", "replace") if path.is_file() else ""
