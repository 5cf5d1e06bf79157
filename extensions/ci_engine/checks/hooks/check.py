"""Run the project's pre-commit hooks on all files, or on those that changed.

Hooks may change files. They run on a copy, so that a gate never leaves changes
behind; what they would change is a finding. Only with ``--fix`` they run in place.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ci_engine.checks.context import (
    FRAMEWORK_PATHS,
    Context,
    Tool,
    not_run,
    not_run_because,
    skipped,
    timed_out,
)
from ci_engine.checks.hooks.output import Hook, find_locations, read_hooks
from ci_engine.checks.hooks.working_copy import (
    WorkTree,
    copied,
    git_variables,
    in_place,
    listed_files,
    run_in,
)
from ci_engine.environments.environment import Environment
from ci_engine.errors import ToolError
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.processes.programs import Outcome
from ci_engine.project.git import Git

__all__ = ["check"]

_CONFIG = ".pre-commit-config.yaml"
# Hooks of our own block: they are this very gate, which runs them as checks.
_OUR_HOOKS = {"ci-framework-lint": "lint", "ci-framework-format": "format"}
# More names do not fit on every command line; then the hooks see all files.
_LONGEST_LIST = 20_000
_MOST_OUTPUT = 15


@dataclass
class _Run:
    """One run of the hooks.

    Attributes:
        outcome: how the program ended.
        hooks: how each hook ended.
        changes: what each hook changed: file and first changed line.
    """

    outcome: Outcome
    hooks: list[Hook]
    changes: dict[str, dict[str, int]]

    @property
    def failed(self) -> list[Hook]:
        return [hook for hook in self.hooks if hook.status == "Failed"]


def check(context: Context) -> CheckResult:
    """Run the hooks; which hook objects to which file is the result."""
    root = context.project.root
    if not (root / _CONFIG).is_file():
        return skipped("hooks", f"there is no {_CONFIG}")
    if context.project.git is None:
        return skipped("hooks", "hooks need git, and this is no git repository")
    try:
        tool = _tool(context)
        targets = _targets(context, tool)
        if targets is None:
            return skipped("hooks", "no file changed since the commit")
        location = in_place if context.fix else copied
        with location(context, _variables(context, tool)) as tree:
            return _check_in(context, tool, tree, targets)
    except ToolError as error:
        return not_run_because("hooks", error)


def _check_in(
    context: Context, tool: Tool, tree: WorkTree, targets: Sequence[str]
) -> CheckResult:
    end = time.monotonic() + context.timeout("hooks")
    command = [*tool.command, "run", "--color", "never", *targets]
    before = _stamps(tree) if context.fix else {}
    run = _run(tree, command, end)
    mended: list[str] = []
    if context.fix and any(hook.modified for hook in run.failed):
        # What could be mended is mended now: what is still wrong decides.
        after = _stamps(tree)
        mended = [name for name in after if after[name] != before.get(name)]
        run = _run(tree, command, end)
    elif len([hook for hook in run.failed if hook.modified]) > 1:
        _tell_apart(tree, tool, run, targets, end)
    result = _judge(context, tool, tree, run)
    result.notes += [f"hooks changed {', '.join(mended)}"] if mended else []
    ours = sorted(_ours(context))
    if any(hook.status == "Skipped" for hook in run.hooks) and ours:
        names = ", ".join(ours)
        result.notes.append(f"not run as hooks, the gate has them as checks: {names}")
    return result


def _stamps(tree: WorkTree) -> dict[str, tuple[int, int]]:
    """What changes with the content of each file."""
    stamps: dict[str, tuple[int, int]] = {}
    for name in listed_files(tree.context, tree.variables):
        status = (tree.root / name).lstat()
        stamps[name] = (status.st_mtime_ns, status.st_size)
    return stamps


def _tool(context: Context) -> Tool:
    """The project's pre-commit or prek, else the locked pre-commit.

    Raises:
        ToolError: if none can be had.
    """
    environment = context.environment
    if isinstance(environment, Environment):
        for name in ("pre-commit", "prek"):
            if environment.program(name):
                return context.tool(name)
    return context.tool("pre-commit")


def _ours(context: Context) -> list[str]:
    """Our own hooks, as far as this tier has the check that each stands for."""
    checks = context.settings.checks_of(context.tier)
    return [hook for hook, name in _OUR_HOOKS.items() if name in checks]


def _variables(context: Context, tool: Tool) -> dict[str, str]:
    """What the hooks run with: the project's programs first, and what to leave out."""
    environment = context.environment
    variables = dict(tool.variables)
    if isinstance(environment, Environment):
        variables = dict(environment.variables)
    theirs = [name for name in variables.get("SKIP", "").split(",") if name.strip()]
    variables["SKIP"] = ",".join([*theirs, *_ours(context)])
    return variables


def _targets(context: Context, tool: Tool) -> list[str] | None:
    """Which files the hooks look at; None if no file changed.

    Raises:
        ToolError: if git cannot tell what changed.
    """
    everything = ["--all-files"]
    if context.paths:
        names = _selected(context, tool)
    elif context.since:
        names = _changed(context, tool)
        if _CONFIG in names:
            return everything
        if not names:
            return None
    else:
        return everything
    fits = sum(len(name) + 3 for name in names) <= _LONGEST_LIST
    return ["--files", *names] if names and fits else everything


def _selected(context: Context, tool: Tool) -> list[str]:
    """The files among the paths that the run is limited to."""
    wanted = [PurePosixPath(path.partition("::")[0]) for path in context.paths]
    return [
        name
        for name in listed_files(context, git_variables(tool.variables))
        if any(PurePosixPath(name).is_relative_to(path) for path in wanted)
    ]


def _changed(context: Context, tool: Tool) -> list[str]:
    """Files that differ from where the change started, uncommitted ones included."""
    root = context.project.root
    git = Git(root, git_variables(tool.variables))
    # What was done on the other side since then is none of this change.
    found = git.run("merge-base", context.since, "HEAD")
    start = found.stdout.strip() if found.code == 0 else context.since
    names: set[str] = set()
    for words in (
        ("diff", "--name-only", "-z", "--no-renames", "--relative", start, "--"),
        ("ls-files", "-z", "--others", "--exclude-standard"),
    ):
        outcome = git.run(*words)
        if outcome.code != 0:
            raise ToolError(
                f"git cannot tell what changed since {context.since}: "
                f"{outcome.describe_exit()}\n{outcome.tail()}"
            )
        names.update(outcome.stdout.split("\0"))
    return sorted(name for name in names if name and (root / name).is_file())


def _run(tree: WorkTree, command: Sequence[str], end: float) -> _Run:
    """Run hooks once and see what they changed."""
    outcome = run_in(tree, command, max(1.0, end - time.monotonic()))
    hooks = read_hooks(outcome.stdout)
    modifying = [hook for hook in hooks if hook.modified]
    # In place a file may differ from the index for other reasons.
    changed = tree.changed() if modifying and not tree.context.fix else {}
    names = [hook.id for hook in modifying]
    changes = {names[0]: changed} if len(names) == 1 else dict.fromkeys(names, changed)
    return _Run(outcome, hooks, changes)


def _tell_apart(
    tree: WorkTree, tool: Tool, run: _Run, targets: Sequence[str], end: float
) -> None:
    """Run the hooks that changed files one after the other, from the start."""
    tree.git("checkout-index", "--all", "--force", "--quiet")
    for name in list(run.changes):
        command = [*tool.command, "run", name, "--color", "never", *targets]
        run_in(tree, command, max(1.0, end - time.monotonic()))
        run.changes[name] = tree.changed()
        tree.git("add", "--update")


def _judge(context: Context, tool: Tool, tree: WorkTree, run: _Run) -> CheckResult:
    """Exit code and output have to agree, or the hooks did not run."""
    outcome = run.outcome
    if outcome.timed_out:
        return timed_out("hooks", outcome)
    if outcome.code not in (0, 1) or bool(run.failed) != (outcome.code == 1):
        return not_run("hooks", f"{tool.name}: {_said(outcome)}", outcome)
    missing = [hook for hook in run.failed if hook.missing]
    if missing:
        hook = missing[0]
        reason = f"hook {hook.id} needs {hook.missing}, which is not there"
        return not_run("hooks", reason, outcome)
    if not any(hook.status != "Skipped" for hook in run.hooks):
        return skipped("hooks", "no hook has files to look at")
    config = _read_config(context)
    findings = [f for hook in run.failed for f in _findings(tree, run, hook, config)]
    ours = [found for found in findings if not found.path.startswith(FRAMEWORK_PATHS)]
    result = CheckResult(
        id="hooks",
        status=Status.FAILED if ours else Status.PASSED,
        findings=ours,
        tool=tool.label,
        environment=tool.environment,
    )
    if len(ours) < len(findings):
        text = f"left out: {len(findings) - len(ours)} in files of ci-framework itself"
        result.notes.append(text)
    return result


def _said(outcome: Outcome) -> str:
    """The line in which the program says why it could not run the hooks."""
    rows = (outcome.stdout + outcome.stderr).splitlines()
    starts = ("An error has occurred", "An unexpected error", "error:")
    for number, row in enumerate(rows):
        if row.startswith(starts):
            cause = next((r for r in rows[number + 1 :] if "fatal:" in r), "")
            return " ".join(f"{row} {cause}".split())
    return outcome.describe_exit()


def _findings(
    tree: WorkTree, run: _Run, hook: Hook, config: Sequence[str]
) -> list[Finding]:
    """What a hook objects to: what it would change, and what it printed."""
    name = hook.id or hook.name
    findings = [
        Finding(
            tool="hooks",
            rule=name,
            message=f"the hook {name} changes this file",
            path=path,
            line=line,
        )
        for path, line in run.changes.get(hook.id, {}).items()
    ]
    touched = {finding.path for finding in findings}
    printed = find_locations(hook, hook.output, tree.relative)
    findings += [found for found in printed if found.path not in touched]
    if findings:
        return findings
    rows = [row for row in hook.output if row.strip()][-_MOST_OUTPUT:]
    message = "\n".join(rows) or f"the hook failed with exit code {hook.exit_code}"
    line = _line_of(config, name)
    return [Finding(tool="hooks", rule=name, message=message, path=_CONFIG, line=line)]


def _read_config(context: Context) -> list[str]:
    path = Path(context.project.root / _CONFIG)
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def _line_of(config: Sequence[str], name: str) -> int:
    """The line of a hook in the configuration, 0 if it is not found."""
    wanted = re.compile(
        rf"""^\s*(?:-\s*)?(?:id|alias):\s*["']?{re.escape(name)}["']?\s*(?:#.*)?$"""
    )
    found = (n for n, row in enumerate(config, 1) if wanted.match(row))
    return next(found, 0)
