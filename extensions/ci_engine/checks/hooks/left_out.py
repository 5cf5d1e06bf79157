"""Hooks that the configuration or the variable SKIP disables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ci_engine.checks.context import Context
from ci_engine.checks.hooks.git_hooks import (
    PUSH_HOOK,
    HookConfiguration,
    read_hooks_file,
)
from ci_engine.checks.hooks.verdict import HookRun
from ci_engine.checks.hooks.working_copy import CONFIG

# Hooks of our own block: they run this gate, which runs their checks itself.
OUR_HOOKS = {"ci-framework-lint": "lint", "ci-framework-format": "format"}

# The stage of `pre-commit run`; its name was `commit` before pre-commit 3.2.
_STAGES = frozenset({"pre-commit", "commit"})


def notes_on_hooks_left_out(
    context: Context, run: HookRun, variables: Mapping[str, str]
) -> list[str]:
    """Name the hooks that did not run, and what disabled them.

    Args:
        context: the check.
        run: the run of the hooks.
        variables: the environment variables of the run.
    """
    skipped = hooks_skipped_by_variable(variables)
    notes = [f"left out by SKIP: {', '.join(skipped)}"] if skipped else []
    configuration = read_hooks_file(context.project.root)
    if configuration is None:
        return notes
    others = list(_of_other_stages(configuration))
    if others:
        names = ", ".join(others)
        notes.append(f"not run, because they are hooks of another stage: {names}")
    if configuration.fail_fast and run.failed:
        name = run.failed[-1].id or run.failed[-1].name
        notes.append(f"fail_fast in {CONFIG}: no hook after {name} ran")
    return notes


def hooks_skipped_by_variable(variables: Mapping[str, str]) -> list[str]:
    """The hooks that the variable SKIP disables, except our own."""
    names = [name.strip() for name in variables.get("SKIP", "").split(",")]
    return [name for name in names if name and name not in OUR_HOOKS]


def _of_other_stages(configuration: HookConfiguration) -> Iterable[str]:
    """The hooks that a commit does not run, with their stages."""
    for repository in configuration.repos:
        for hook in repository.hooks:
            stages = hook.stages or configuration.default_stages
            if stages and not _STAGES & set(stages) and hook.id != PUSH_HOOK:
                yield f"{hook.id} ({', '.join(stages)})"
