"""Python files that ruff skips by default.

Skipping tracked files that git ignores, and ruff's default excludes, is not a choice
of the project: such files are linted as well. Files that the project's settings exclude
are listed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

from ci_engine.checks.context import Context
from ci_engine.checks.sources import (
    batches,
    commented_files,
    is_below,
    is_framework_file,
)
from ci_engine.checks.workspace import Tool
from ci_engine.configuration.reading import Table, read_toml
from ci_engine.configuration.tables import table
from ci_engine.errors import ConfigurationError
from ci_engine.findings.results import name_some

PYTHON_SUFFIXES = (".py", ".pyi", ".ipynb")
_CONFIGURATION = ("pyproject.toml", "ruff.toml", ".ruff.toml")
_MOST_NAMED = 5
_TURNED_OFF = re.compile(rb"^\s*#\s*(?:ruff|flake8)\s*:\s*noqa\s*$", re.I | re.M)
_FORMATTING = re.compile(r"\bformat_path; path=(.+)$", re.MULTILINE)
_CHECKING = re.compile(r"\bChecking: (.+)$", re.MULTILINE)


def python_files(context: Context) -> list[str]:
    """The Python files of the project, without those of the framework."""
    names = (context.project.relative(path) for path in context.project.files)
    return [
        name
        for name in names
        if name.endswith(PYTHON_SUFFIXES)
        and not is_framework_file(name)
        # Nested packages are checked separately.
        and not is_below(name, context.request.inner)
    ]


class UnseenFiles:
    """The files that ruff skips, and why.

    Attributes:
        by_chance: those that no setting of the project excludes.
        by_choice: those that a setting excludes.
        options: options that make ruff check the former, and not the latter.
    """

    def __init__(self, context: Context, tool: Tool, targets: Sequence[str]) -> None:
        self._context, self._tool = context, tool
        self._settings = list(_settings(context))
        self._files = python_files(context)
        self._listed = self._seen("--force-exclude", *targets)
        unseen = [name for name in self._files if self._path(name) not in self._listed]
        own = any("exclude" in settings for settings in self._settings)
        self.options = ["--no-respect-gitignore", "--force-exclude"]
        # Without this, ruff has default excludes, such as a directory named venv.
        self.options += [] if own else ["--config", "exclude=[]"]
        also = {p for part in batches(unseen) for p in self._seen(*self.options, *part)}
        self.by_chance = [name for name in unseen if self._path(name) in also]
        self.by_choice = [name for name in unseen if self._path(name) not in also]

    def _seen(self, *arguments: str) -> set[str]:
        outcome = self._context.run(self._tool, ["check", "--show-files", *arguments])
        return {os.path.realpath(row) for row in outcome.stdout.splitlines()}

    def _path(self, name: str) -> str:
        return os.path.realpath(self._context.project.root / name)

    def notes(self, targets: Sequence[str]) -> Iterator[str]:
        """List what was not linted, or not with all rules."""
        names = [*self.by_choice, *self._without_rules(targets)]
        if names:
            yield _note("excluded by the settings of ruff", names)
        if self.by_chance:
            yield _note("linted by F and E9 only", self.by_chance)
        yield from commented_files(self._context, _TURNED_OFF, "ruff")

    def _without_rules(self, targets: Sequence[str]) -> list[str]:
        """The files that `lint.exclude` excludes; ruff still lists them."""
        if not any("exclude" in table(settings, "lint") for settings in self._settings):
            return []
        options = ["check", "--no-cache", "--verbose", "--exit-zero", "--select=E9"]
        arguments = [*options, "--force-exclude", *targets]
        outcome = self._context.run(self._tool, arguments)
        checked = {os.path.realpath(p) for p in _CHECKING.findall(outcome.stderr)}
        # If no file has a finding, this version of ruff prints other lines.
        left_out = self._listed - checked if checked else set[str]()
        return [name for name in self._files if self._path(name) in left_out]


def notes_on_format(context: Context, tool: Tool, targets: Sequence[str]) -> list[str]:
    """List the files that `format.exclude` excludes: ruff itself does not list them."""
    if not any("exclude" in table(s, "format") for s in _settings(context)):
        return []
    arguments = ["format", "--check", "--verbose", "--force-exclude", *targets]
    outcome = context.run(tool, arguments)
    seen = {os.path.realpath(path) for path in _FORMATTING.findall(outcome.stderr)}
    root = context.project.root
    files = [f for f in python_files(context) if is_below(f, targets) or "." in targets]
    names = [name for name in files if os.path.realpath(root / name) not in seen]
    return [_note("not formatted by the settings of ruff", names)] if names else []


def _note(what: str, names: Sequence[str]) -> str:
    noun = "file" if len(names) == 1 else "files"
    return f"{len(names)} {noun} {what}: {name_some(names, _MOST_NAMED)}"


def _settings(context: Context) -> Iterator[Table]:
    """The settings of ruff, in any directory."""
    for path in context.project.files:
        if path.name in _CONFIGURATION:
            try:
                document = read_toml(path)
            except ConfigurationError:
                continue
            shared = path.name == "pyproject.toml"
            yield table(document, "tool", "ruff") if shared else document
