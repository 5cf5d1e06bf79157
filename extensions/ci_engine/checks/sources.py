"""Find the project's own source files, and pass their names to tools."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from ci_engine.checks.context import Context
from ci_engine.findings.results import name_some
from ci_engine.project.repository import Project

# The framework's own files, or a clone of it, are not the project's to fix.
FRAMEWORK_DIRECTORY = "ci-framework"
# Windows limits command lines to 32 767 characters.
LONGEST_LIST = 20_000
_OURS = (f"{FRAMEWORK_DIRECTORY}/", ".ci-framework/")
_THEIRS = f"{FRAMEWORK_DIRECTORY}/project/"


def is_framework_file(name: str) -> bool:
    """Whether a file belongs to the framework, by its path."""
    return name.startswith(_OURS) and not name.startswith(_THEIRS)


def source_files(context: Context, suffixes: Iterable[str]) -> list[str]:
    """Files below the source paths that are neither tests nor the engine.

    Limited to the requested paths, if there are any.
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


def commented_files(
    context: Context, pattern: re.Pattern[bytes], tool: str
) -> list[str]:
    """Name the Python files in which a comment disables a tool."""
    names = [
        context.project.relative(path)
        for path in context.project.files
        if path.suffix in (".py", ".pyi") and pattern.search(bytes_of(path))
    ]
    names = [name for name in names if not is_framework_file(name)]
    noun = "file turns" if len(names) == 1 else "files turn"
    text = f"{len(names)} {noun} {tool} off with a comment: {name_some(names, 5)}"
    return [text] if names else []


def bytes_of(path: Path) -> bytes:
    """The content of a file, empty if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def is_below(name: str, directories: Iterable[str]) -> bool:
    """Whether a file is one of the paths, or below one of them."""
    path = PurePosixPath(name)
    return any(
        path.is_relative_to(PurePosixPath(directory.replace("\\", "/")))
        for directory in directories
    )


def text_of(project: Project, name: str) -> str:
    """The text of a project file, empty if it does not exist."""
    path = project.root / name
    return path.read_text("utf-8", "replace") if path.is_file() else ""


def batches(names: Sequence[str]) -> list[list[str]]:
    """Divide file names into lists that fit on a command line.

    None of the names can be mistaken for an option.
    """
    lists: list[list[str]] = []
    length = LONGEST_LIST
    for name in names:
        length += len(name) + 3
        if length > LONGEST_LIST:
            lists.append([])
            length = len(name) + 3
        lists[-1].append(f".{os.sep}{name}" if os.name == "nt" else f"./{name}")
    return lists
