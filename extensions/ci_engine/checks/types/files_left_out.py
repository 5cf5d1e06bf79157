"""Count the project's files that the settings of a type checker exclude."""

from __future__ import annotations

from collections.abc import Sequence

from ci_engine.checks.context import Context
from ci_engine.checks.sources import is_below, is_framework_file


def note_on_files(
    context: Context, tool: str, checked: int, included: Sequence[str] = ()
) -> list[str]:
    """Compare the number of checked files with the files below the source paths.

    Args:
        context: the check.
        tool: the type checker.
        checked: how many files the tool reports as checked.
        included: the paths that its settings include in addition.
    """
    if context.request.paths:
        return []
    names = {context.project.relative(path) for path in context.project.files}
    # A stub replaces its module.
    modules = {
        name.removesuffix("i")
        for name in names
        if name.endswith((".py", ".pyi")) and _is_ours(context, name, included)
    }
    if checked >= len(modules):
        return []
    text = f"{tool} checked {checked} of {len(modules)} files: its settings exclude"
    return [f"{text} the others"]


def _is_ours(context: Context, name: str, included: Sequence[str]) -> bool:
    inner = is_below(name, context.request.inner) or is_framework_file(name)
    return not inner and is_below(name, (*context.settings.source_paths, *included))
