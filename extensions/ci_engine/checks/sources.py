"""Which files are the project's own code, as opposed to its tests and to ours."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from ci_engine.checks.context import Context

__all__ = ["is_below", "source_files"]

_FRAMEWORK = ("ci-framework/ci_engine", "ci-framework/scripts")


def source_files(context: Context, suffixes: Iterable[str]) -> list[str]:
    """Files below the source paths that are neither tests nor the engine.

    Args:
        context: the run; where it is limited to paths, so are the files.
        suffixes: the suffixes of the files, for example ``.py``.
    """
    wanted = frozenset(suffixes)
    settings = context.settings
    others = (*settings.test_paths, *_FRAMEWORK)
    return [
        name
        for path in context.project.files
        if path.suffix in wanted
        and is_below(name := context.project.relative(path), settings.source_paths)
        and not is_below(name, others)
        and (not context.paths or is_below(name, context.paths))
    ]


def is_below(name: str, directories: Iterable[str]) -> bool:
    """Whether a file is one of the paths, or below one of them."""
    path = PurePosixPath(name)
    return any(
        path.is_relative_to(PurePosixPath(directory.replace("\\", "/")))
        for directory in directories
    )
