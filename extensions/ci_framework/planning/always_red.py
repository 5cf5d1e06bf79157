"""Count the findings of ruff that no baseline may contain: F and E9."""

from __future__ import annotations

import os
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

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
_CHECK = ("check", "--quiet", "--no-cache", "--no-fix", "--no-fix-only", "--exit-zero")
_OPTIONS = (*_CHECK, "--output-format=json", "--force-exclude", "--select", RULES)
_FIX = f"check --select {RULES} --fix"
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


class _Found(NamedTuple):
    """One finding."""

    path: str
    line: int
    rule: str
    fixable: bool


class AlwaysRedCount:
    """The findings of one tree, counted once for every plan with other answers."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    def add_to(self, built: BuiltPlan) -> BuiltPlan:
        """Add the findings that fail the gate from the first day to a first plan."""
        if built.adopted or _is_off(built):
            return built
        found = self.by_manager(str(built.plan.answers.get("package_manager", "")))
        plan = msgspec.structs.replace(built.plan, always_red=found)
        return replace(built, plan=plan)

    def by_manager(self, manager: str) -> AlwaysRed:
        """The findings, with a command for projects of this package manager."""
        found, targets = self._counted
        if not targets:
            return found
        command = f"{_RUNNERS.get(manager, _ANYWHERE)} {_FIX} {shlex.join(targets)}"
        return msgspec.structs.replace(found, command=command)

    @cached_property
    def _counted(self) -> tuple[AlwaysRed, list[str]]:
        return _count(self._repository)


def _is_off(built: BuiltPlan) -> bool:
    """Whether the adopted project has no lint, as beside templates of projects."""
    settings = own_settings(built.inventory, built.plan.answers)
    off = (("checks", "lint", "tier"), "none")
    return any((setting.key, setting.value) == off for setting in settings)


def _count(repository: Repository) -> tuple[AlwaysRed, list[str]]:
    """Count the findings that the gate never records; writes nothing.

    Returns:
        The findings, and the paths to give to ruff to fix them.
    """
    names = sorted(
        name
        for name, entry in repository.tracked.items()
        if name.endswith(PYTHON_SUFFIXES)
        and entry.is_file
        and not is_framework_file(name)
        and (repository.root / name).is_file()
    )
    if not names:
        return AlwaysRed(), []
    try:
        project = read_project(repository.root)
        found = _find(project, repository.tracked, names)
        fixable = [item.path for item in found if item.fixable]
        targets = _targets(project, fixable) if fixable else []
    except CommandError as error:
        reason = str(error).partition("\n")[0]
        return AlwaysRed(uncounted=reason), []
    counted = AlwaysRed(
        rules=_most_first(item.rule for item in found),
        files=_most_first(item.path for item in found),
        fixable=len(fixable),
        remaining=list(_by_line(found)),
    )
    return counted, targets


def _most_first(items: Iterator[str]) -> dict[str, int]:
    return dict(sorted(Counter(items).items(), key=lambda item: (-item[1], item[0])))


def _by_line(found: Sequence[_Found]) -> Iterator[str]:
    """The findings to fix by hand, those of one line and rule together."""
    left = Counter((f.path, f.line, f.rule) for f in found if not f.fixable)
    for (path, line, rule), number in left.items():
        yield f"{path}:{line} {rule}{f' x {number}' if number > 1 else ''}"


def _find(
    project: Project, tracked: Iterable[str], names: Sequence[str]
) -> list[_Found]:
    """Run the locked ruff on tracked files, with the project's settings."""
    own = any(_excludes(project, name) for name in tracked)
    # Without this option, ruff has default excludes, such as a directory named venv.
    every = () if own else ("--config", "exclude = []")
    options = (*_OPTIONS, "--no-respect-gitignore", *every)
    root = os.path.realpath(project.root)
    return sorted(
        _Found(
            path=os.path.relpath(item.filename, root),
            line=item.location.row,
            rule=item.code or "invalid-syntax",
            fixable=item.fix is not None and item.fix.applicability == "safe",
        )
        for part in batches(names)
        for item in _violations(_run(project, [*options, *part]))
    )


def _targets(project: Project, fixable: Sequence[str]) -> list[str]:
    """The paths of these files for ruff, which skips some of them by default."""
    rows = _run(project, [*_CHECK, "--show-files", "."]).decode("utf-8", "replace")
    listed = {os.path.realpath(row) for row in rows.splitlines()}
    paths = {name: os.path.realpath(project.root / name) for name in sorted({*fixable})}
    hidden = [f"./{name}" for name, path in paths.items() if path not in listed]
    return hidden if len(hidden) == len(paths) else [".", *hidden]


def _run(project: Project, arguments: Sequence[str]) -> bytes:
    tool = isolated_tool(project, "ruff")
    outcome = run_program(
        [tool.program(), *arguments],
        cwd=project.root,
        timeout=_SECONDS,
        variables=tool_variables(tool.variables),
    )
    if outcome.code != 0:
        raise ToolError(f"ruff: {outcome.describe_exit()}: {outcome.tail(1)}")
    return outcome.raw


def _violations(report: bytes) -> list[_Violation]:
    try:
        return msgspec.json.decode(report, type=list[_Violation])
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
