"""The project's own settings: their file and their allowed content."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from ci_engine.configuration.defaults import refuse
from ci_engine.configuration.reading import Table, as_table, read_toml
from ci_engine.configuration.settings import BUILT_IN_CHECKS, Settings
from ci_engine.configuration.typed_tables import Mistake, find_mistakes
from ci_engine.errors import ConfigurationError, suggest

SETTINGS_KEYS = ("tool", "ci-framework")
# TOML does not allow a table twice, so the framework's block has its own.
ANSWERS = "answers"
_WITH_ANSWERS = ("api", "matrix", "performance")


def configuration_file(root: Path) -> Path | None:
    """The file with the project's settings: pyproject.toml or ci-framework.toml.

    If there is a ci-framework.toml, pyproject.toml is used only if it has the table.
    """
    pyproject, own = root / "pyproject.toml", root / "ci-framework.toml"
    if not own.is_file():
        return pyproject if pyproject.is_file() else None
    if not pyproject.is_file():
        return own
    tool = as_table(read_toml(pyproject).get("tool"))
    return pyproject if "ci-framework" in tool else own


def project_table(document: Table, source: Path) -> Table:
    """Find ``[tool.ci-framework]`` in a parsed file.

    Raises:
        ConfigurationError: if it is not a table.
    """
    table = document
    for number, key in enumerate(SETTINGS_KEYS, 1):
        found = table.get(key, {})
        if not isinstance(found, dict):
            name = ".".join(SETTINGS_KEYS[:number])
            raise ConfigurationError(
                f"{source.name}: {name}: expected a table, got {found!r}",
                hint=f"correct {source.name} and run the command again",
            )
        table = cast("Table", found)
    return table


def read_own_table(path: Path) -> Table:
    """Read the settings of a file; empty if it does not exist."""
    return with_answers(read_written_table(path))


def read_written_table(path: Path) -> Table:
    """Read ``[tool.ci-framework]`` as written; empty if the file does not exist."""
    if not path.is_file():
        return {}
    table = project_table(read_toml(path), path)
    refuse(settings_mistakes(table), path)
    return table


def with_answers(table: Table) -> Table:
    """Use the answers in the framework's block for settings that the project omits."""
    merged = dict(table)
    for name in _WITH_ANSWERS:
        whole = as_table(table.get(name))
        answers = as_table(whole.get(ANSWERS))
        if answers:
            own = {key: value for key, value in whole.items() if key != ANSWERS}
            merged[name] = {**answers, **own}
    return merged


def settings_mistakes(table: Table) -> list[Mistake]:
    """List the mistakes in ``[tool.ci-framework]``."""
    mistakes = find_mistakes(table, Settings, SETTINGS_KEYS, partial=True)
    return [*mistakes, *_command_mistakes(as_table(table.get("commands")))]


def _command_mistakes(commands: Table) -> Iterator[Mistake]:
    """Commands that cannot be split into arguments."""
    for name, command in commands.items():
        if not isinstance(command, str) or not command:
            continue
        try:
            problem = "" if shlex.split(command) else "empty"
        except ValueError as error:
            problem = str(error).lower()
        if problem:
            keys = (*SETTINGS_KEYS, "commands", name)
            yield Mistake(keys, f"{command!r} ({problem})", "a command, as in a shell")


def refuse_checks_without_command(settings: Settings, source: Path | None) -> None:
    """Refuse a check that is not built in and has no command."""
    mistakes: list[Mistake] = []
    for name in dict.fromkeys((*settings.checks, *settings.commands)):
        own = name not in BUILT_IN_CHECKS
        if own and (name not in settings.checks or not settings.command_of(name)):
            table = "checks" if name in settings.checks else "commands"
            guess = suggest(name, BUILT_IN_CHECKS)
            expected = f"a built-in check, or one with a command ({guess})"
            keys = (*SETTINGS_KEYS, table, name)
            mistakes.append(Mistake(keys, "a check without a command", expected))
    if source is not None:
        refuse(mistakes, source)
