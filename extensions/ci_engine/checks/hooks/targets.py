"""Which files the hooks look at."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import PurePosixPath

from ci_engine.checks.command_lines import LONGEST_LIST
from ci_engine.checks.context import Context
from ci_engine.checks.hooks.working_copy import CONFIG, listed_files, run_git
from ci_engine.errors import ToolError

__all__ = ["find_targets"]


def find_targets(context: Context, variables: Mapping[str, str]) -> list[str] | None:
    """The options that name the files; None if no file changed.

    Args:
        context: the run.
        variables: the environment variables of git.

    Raises:
        ToolError: if git cannot list them.
    """
    everything = ["--all-files"]
    if context.request.paths:
        names = _selected(context, variables)
    elif context.request.since:
        names = _changed(context, variables)
        if CONFIG in names:
            return everything
        if not names:
            return None
    else:
        return everything
    # More names do not fit on every command line; then the hooks see all files.
    fits = sum(len(name) + 3 for name in names) <= LONGEST_LIST
    return ["--files", *names] if names and fits else everything


def _selected(context: Context, variables: Mapping[str, str]) -> list[str]:
    """The files among the paths that the run is limited to."""
    wanted = [PurePosixPath(path) for path in context.request.code_paths]
    return [
        name
        for name in listed_files(context, variables)
        if any(PurePosixPath(name).is_relative_to(path) for path in wanted)
    ]


def _changed(context: Context, variables: Mapping[str, str]) -> list[str]:
    """Files that differ from the merge base, uncommitted ones included.

    Raises:
        ToolError: if git cannot list them.
    """
    root, since = context.project.root, context.request.since
    base = since
    with contextlib.suppress(ToolError):
        # What was done on the other branch since then is none of this change.
        base = run_git(context, root, variables, "merge-base", since, "HEAD").strip()
    names: set[str] = set()
    for argv in (
        ("diff", "--name-only", "-z", "--no-renames", "--relative", base, "--"),
        ("ls-files", "-z", "--others", "--exclude-standard"),
    ):
        names.update(run_git(context, root, variables, *argv).split("\0"))
    return sorted(name for name in names if name and (root / name).is_file())
