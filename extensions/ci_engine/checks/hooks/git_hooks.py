"""The git hooks that start the pre-commit hooks, and where they are installed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from ci_engine.checks.hooks.working_copy import CONFIG
from ci_engine.configuration.reading import read_yaml
from ci_engine.environments.environment import Environment
from ci_engine.environments.isolated_tools import isolated_tool
from ci_engine.errors import CommandError, ToolError
from ci_engine.processes.allowed_variables import plain_variables
from ci_engine.processes.child_environment import child_variables
from ci_engine.processes.programs import find_program, run_program
from ci_engine.project.repository import Project

# Our hook that runs the gate before a push; the gate does not run it again.
PUSH_HOOK = "ci-framework-push"
_AT_COMMIT = ("pre-commit",)
_AT_PUSH = "pre-push"


class Hook(msgspec.Struct):
    """One hook in the configuration."""

    id: str
    stages: list[str] = []


class HookRepository(msgspec.Struct):
    """One entry of the list ``repos``."""

    hooks: list[Hook] = []


class HookConfiguration(msgspec.Struct):
    """The part of the pre-commit configuration that the engine reads."""

    repos: list[HookRepository] = []
    default_stages: list[str] = []
    default_install_hook_types: list[str] = []
    fail_fast: bool = False


class HookProgram(NamedTuple):
    """The program that installs the hooks, and runs them on commits."""

    label: str
    command: Sequence[str]
    variables: dict[str, str]


def read_hooks_file(root: Path) -> HookConfiguration | None:
    """The configuration of pre-commit, None if it is invalid."""
    try:
        return msgspec.convert(read_yaml(root / CONFIG), HookConfiguration)
    except (CommandError, msgspec.ValidationError):
        # The program that runs the hooks reports the mistake.
        return None


def hook_types(root: Path) -> list[str]:
    """The git hooks that the configuration needs, such as ``pre-commit``."""
    configuration = read_hooks_file(root) or HookConfiguration()
    types = configuration.default_install_hook_types or _AT_COMMIT
    hooks = (hook.id for entry in configuration.repos for hook in entry.hooks)
    return list(dict.fromkeys([*types, *([_AT_PUSH] if PUSH_HOOK in hooks else [])]))


def hooks_elsewhere(project: Project) -> str:
    """The directory of git's ``core.hooksPath``, empty if it is not set."""
    if project.git is None:
        return ""
    listed = project.git.run("config", "--show-scope", "--get-all", "core.hooksPath")
    # The last value applies, except that of our own command line.
    paths = [line.partition("\t") for line in listed.stdout.splitlines()]
    return next((p for scope, _, p in reversed(paths) if scope != "command"), "")


def missing_git_hooks(project: Project) -> list[str]:
    """The git hooks that the configuration needs and this clone lacks."""
    if project.git is None or not (project.root / CONFIG).is_file():
        return []
    common = project.git.run("rev-parse", "--git-common-dir").stdout.strip()
    folder = project.root / common / "hooks"
    return [name for name in hook_types(project.root) if not (folder / name).is_file()]


def hook_program(project: Project, environment: Environment | None) -> HookProgram:
    """Find prek if it is installed, else the locked pre-commit."""
    own = environment.program("prek") if environment else None
    if environment and own:
        label = f"prek {environment.version('prek')}".strip()
        return HookProgram(label, own, dict(environment.variables))
    found = find_program("prek")
    if found:
        return HookProgram("prek", [str(found)], plain_variables(child_variables()))
    tool = isolated_tool(project, "pre-commit")
    return HookProgram(
        f"pre-commit {tool.version}", [tool.program()], dict(tool.variables)
    )


def install_git_hooks(project: Project, program: HookProgram) -> str:
    """Install the git hooks; existing hooks are kept and still run.

    Returns:
        The output of the program.

    Raises:
        ToolError: if the program fails.
    """
    types = [f"--hook-type={name}" for name in hook_types(project.root)]
    outcome = run_program(
        [*program.command, "install", *types],
        cwd=project.root,
        timeout=120,
        variables=program.variables,
    )
    if outcome.code != 0:
        output = f"{outcome.describe_exit()}\n{outcome.tail()}"
        raise ToolError(f"{program.label.partition(' ')[0]} install: {output}")
    lines = (outcome.stdout or outcome.stderr).splitlines()
    return "; ".join(" ".join(line.split()) for line in lines if line.strip())
