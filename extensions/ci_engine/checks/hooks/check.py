"""Run the project's pre-commit hooks on all files, or on changed files.

Hooks may change files. They run on a copy, so that a gate never leaves changes
behind; their changes become findings. Only with ``--fix`` do they run in place.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from ci_engine.checks.context import Context
from ci_engine.checks.hooks.left_out import (
    OUR_HOOKS,
    hooks_skipped_by_variable,
    notes_on_hooks_left_out,
)
from ci_engine.checks.hooks.verdict import HookRun, judge_hooks, read_hooks
from ci_engine.checks.hooks.working_copy import (
    CONFIG,
    WorkTree,
    copied,
    git_variables,
    in_place,
    listed_files,
    run_git,
    run_in,
)
from ci_engine.checks.outcomes import skipped
from ci_engine.checks.sources import LONGEST_LIST
from ci_engine.checks.workspace import Tool
from ci_engine.environments.environment import Environment
from ci_engine.errors import ToolError
from ci_engine.findings.results import CheckResult


def check(context: Context) -> CheckResult:
    """Run the pre-commit hooks on the files."""
    if not (context.project.root / CONFIG).is_file():
        return skipped(f"there is no {CONFIG}")
    if context.project.git is None:
        return skipped("hooks need git, but this is not a git repository")
    tool = context.project_tool("pre-commit") or context.project_tool("prek")
    tool = tool or context.tool("pre-commit")
    targets = _find_targets(context, git_variables(tool.variables or {}))
    if targets is None:
        return skipped("no file changed since the commit")
    location = in_place if context.request.fix else copied
    with location(context, _variables(context, tool)) as tree:
        return _check_in(context, tool, tree, targets)


def _check_in(
    context: Context, tool: Tool, tree: WorkTree, targets: Sequence[str]
) -> CheckResult:
    end = time.monotonic() + context.timeout
    command = [*tool.command, "run", "--color", "never", *targets]
    fix = context.request.fix
    before = _stamps(tree) if fix else {}
    run = _run(tree, command, end)
    fixed: list[str] = []
    if fix and any(hook.modified for hook in run.failed):
        # The fixable findings are fixed now, so judge what remains.
        after = _stamps(tree)
        fixed = [name for name in after if after[name] != before.get(name)]
        run = _run(tree, command, end)
    elif len([hook for hook in run.failed if hook.modified]) > 1:
        _attribute_changes(tree, tool, run, targets, end)
    result = judge_hooks(tool, tree, run)
    result.notes += [f"hooks changed {', '.join(fixed)}"] if fixed else []
    ours = sorted(_ours(context))
    if any(hook.status == "Skipped" for hook in run.hooks) and ours:
        names = ", ".join(ours)
        result.notes.append(
            f"not run as hooks, because the gate has checks for them: {names}"
        )
    result.notes += notes_on_hooks_left_out(context, run, tree.variables)
    return result


def _stamps(tree: WorkTree) -> dict[str, tuple[int, int]]:
    """A stamp of each file that changes with its content."""
    stamps: dict[str, tuple[int, int]] = {}
    for name in listed_files(tree.context, tree.variables):
        status = (tree.root / name).lstat()
        stamps[name] = (status.st_mtime_ns, status.st_size)
    return stamps


def _ours(context: Context) -> list[str]:
    """Our own hooks whose checks this tier runs."""
    checks = context.settings.checks_of(context.request.tier)
    return [hook for hook, name in OUR_HOOKS.items() if name in checks]


def _variables(context: Context, tool: Tool) -> dict[str, str]:
    """The variables for the hooks: the project's programs first, and hooks to skip."""
    environment = context.environment
    variables = dict(tool.variables or {})
    if isinstance(environment, Environment):
        variables = dict(environment.variables)
    theirs = hooks_skipped_by_variable(variables)
    variables["SKIP"] = ",".join([*theirs, *_ours(context)])
    return variables


def _run(tree: WorkTree, command: Sequence[str], end: float) -> HookRun:
    """Run the hooks once and record their changes."""
    outcome = run_in(tree, command, max(1.0, end - time.monotonic()))
    hooks = read_hooks(outcome.stdout)
    modifying = [hook for hook in hooks if hook.modified]
    # In place, files may differ from the index for other reasons.
    changed = tree.changed() if modifying and not tree.context.request.fix else {}
    names = [hook.id for hook in modifying]
    changes = {names[0]: changed} if len(names) == 1 else dict.fromkeys(names, changed)
    return HookRun(outcome, hooks, changes)


def _attribute_changes(
    tree: WorkTree, tool: Tool, run: HookRun, targets: Sequence[str], end: float
) -> None:
    """Rerun the hooks that changed files, one after the other, on a fresh copy."""
    tree.git("checkout-index", "--all", "--force", "--quiet")
    for name in list(run.changes):
        command = [*tool.command, "run", name, "--color", "never", *targets]
        run_in(tree, command, max(1.0, end - time.monotonic()))
        run.changes[name] = tree.changed()
        tree.git("add", "--update")


def _find_targets(context: Context, variables: Mapping[str, str]) -> list[str] | None:
    """The options that select the files; None if no file changed."""
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
    # More names do not fit on every command line, so the hooks get all files.
    fits = sum(len(name) + 3 for name in names) <= LONGEST_LIST
    return ["--files", *names] if names and fits else everything


def _selected(context: Context, variables: Mapping[str, str]) -> list[str]:
    """The files that are in the requested paths."""
    wanted = [PurePosixPath(path) for path in context.request.code_paths]
    return [
        name
        for name in listed_files(context, variables)
        if any(PurePosixPath(name).is_relative_to(path) for path in wanted)
    ]


def _changed(context: Context, variables: Mapping[str, str]) -> list[str]:
    """Files that differ from the merge base, including uncommitted ones."""
    root, since = context.project.root, context.request.since
    base = since
    with contextlib.suppress(ToolError):
        # Later commits of the other branch are not part of this change.
        base = run_git(context, root, variables, "merge-base", since, "HEAD").strip()
    names: set[str] = set()
    for argv in (
        ("diff", "--name-only", "-z", "--no-renames", "--relative", base, "--"),
        ("ls-files", "-z", "--others", "--exclude-standard"),
    ):
        names.update(run_git(context, root, variables, *argv).split("\0"))
    return sorted(name for name in names if name and (root / name).is_file())
