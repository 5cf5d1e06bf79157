"""Count the findings of ruff that no baseline may contain: F and E9."""

from __future__ import annotations

import os
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from ci_engine.checks.lint.unseen_files import PYTHON_SUFFIXES
from ci_engine.checks.sources import batches, is_framework_file
from ci_engine.configuration.reading import Table
from ci_engine.configuration.tables import table
from ci_engine.environments.isolated_tools import isolated_tool
from ci_engine.errors import CommandError, ToolError
from ci_engine.processes.child_environment import tool_variables
from ci_engine.processes.programs import run_program
from ci_engine.project.repository import Project, read_project
from ci_framework.answers import own_settings
from ci_framework.planning.build import BuiltPlan
from ci_framework.planning.plan import AlwaysRed
from ci_framework.repository import Repository

RULES = "F,E9"
_SECONDS = 300.0
# Change and cache nothing.
_OPTIONS = (
    *("check", "--quiet", "--no-cache", "--no-fix", "--no-fix-only", "--exit-zero"),
    *("--output-format=json", "--force-exclude", "--select", RULES),
)
_SETTINGS = ("pyproject.toml", "ruff.toml", ".ruff.toml")
# How to start ruff if the project may not have it.
_RUNNERS = {"uv": "uvx ruff", "pixi": "pixi exec ruff"}
_ANYWHERE = "pipx run ruff"


class _Fix(msgspec.Struct):
    applicability: str = ""


class _Location(msgspec.Struct):
    row: int = 0


class _Violation(msgspec.Struct):
    filename: str
    location: _Location
    code: str | None = None
    fix: _Fix | None = None


@dataclass(frozen=True)
class _Found:
    """One finding.

    Attributes:
        listed: whether ruff checks the file without being given its name.
    """

    path: str
    line: int
    rule: str
    fixable: bool
    listed: bool


def with_always_red(repository: Repository, built: BuiltPlan) -> BuiltPlan:
    """Add the findings that fail the gate from the first day to a first plan."""
    if built.adopted or _is_off(built):
        return built
    manager = str(built.plan.answers.get("package_manager", ""))
    found = count_always_red(repository, manager)
    return replace(built, plan=msgspec.structs.replace(built.plan, always_red=found))


def _is_off(built: BuiltPlan) -> bool:
    """Whether the adopted project has no lint, as beside templates of projects."""
    settings = own_settings(built.inventory, built.plan.answers)
    off = (("checks", "lint", "tier"), "none")
    return any((setting.key, setting.value) == off for setting in settings)


def count_always_red(repository: Repository, manager: str) -> AlwaysRed:
    """Count the findings that the gate never records; writes nothing."""
    names = sorted(
        name
        for name, entry in repository.tracked.items()
        if name.endswith(PYTHON_SUFFIXES)
        and entry.is_file
        and not is_framework_file(name)
        and (repository.root / name).is_file()
    )
    if not names:
        return AlwaysRed()
    try:
        found = _find(repository, names)
    except CommandError as error:
        reason = str(error).partition("\n")[0]
        return AlwaysRed(uncounted=reason)
    fixable = sum(item.fixable for item in found)
    return AlwaysRed(
        rules=_counted(item.rule for item in found),
        files=_counted(item.path for item in found),
        fixable=fixable,
        command=_command(found, manager) if fixable else "",
        remaining=[f"{f.path}:{f.line} {f.rule}" for f in found if not f.fixable],
    )


def _counted(items: Iterator[str]) -> dict[str, int]:
    return dict(sorted(Counter(items).items(), key=lambda item: (-item[1], item[0])))


def _find(repository: Repository, names: Sequence[str]) -> list[_Found]:
    """Run the locked ruff on tracked files, with the project's settings."""
    project = read_project(repository.root)
    own = any(_excludes(project, name) for name in repository.tracked)
    # Without this option, ruff has default excludes, such as a directory named venv.
    every = () if own else ("--config", "exclude = []")
    options = ("--no-respect-gitignore", *every)
    usual = {(v.filename, v.location.row, v.code) for v in _run(project, (), ["."])}
    found: list[_Found] = []
    for part in batches(names):
        for item in _run(project, options, part):
            key = (item.filename, item.location.row, item.code)
            found.append(
                _Found(
                    path=os.path.relpath(item.filename, os.path.realpath(project.root)),
                    line=item.location.row,
                    rule=item.code or "invalid-syntax",
                    fixable=item.fix is not None and item.fix.applicability == "safe",
                    listed=key in usual,
                )
            )
    return sorted(found, key=lambda item: (item.path, item.line, item.rule))


def _run(
    project: Project, options: Sequence[str], targets: Sequence[str]
) -> list[_Violation]:
    tool = isolated_tool(project, "ruff")
    outcome = run_program(
        [tool.program(), *_OPTIONS, *options, *targets],
        cwd=project.root,
        timeout=_SECONDS,
        variables=tool_variables(tool.variables),
    )
    if outcome.code != 0:
        raise ToolError(f"ruff: {outcome.describe_exit()}: {outcome.tail(1)}")
    try:
        return msgspec.json.decode(outcome.raw, type=list[_Violation])
    except msgspec.DecodeError as error:
        raise ToolError(f"ruff: unusable output: {error}") from error


def _excludes(project: Project, name: str) -> bool:
    """Whether a settings file of ruff replaces its default excludes."""
    if Path(name).name not in _SETTINGS:
        return False
    try:
        content = (project.root / name).read_bytes()
        document = msgspec.toml.decode(content, type=Table)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError):
        return False
    if name.endswith("pyproject.toml"):
        document = table(document, "tool", "ruff")
    return "exclude" in document


def _command(found: Sequence[_Found], manager: str) -> str:
    """The command that fixes all automatically fixable findings."""
    hidden = sorted({item.path for item in found if item.fixable and not item.listed})
    listed = ["."] if any(item.fixable and item.listed for item in found) else []
    words = shlex.join([*listed, *(f"./{path}" for path in hidden)])
    ruff = _RUNNERS.get(manager, _ANYWHERE)
    return f"{ruff} check --select {RULES} --fix {words}"
