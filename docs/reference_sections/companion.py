"""The companion's commands, options and exit codes, read from its parser."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from ci_framework import cli
from reference_sections.markdown import table

_Choices = Mapping[str, argparse.ArgumentParser]
Row = tuple[str, ...]


@dataclass(frozen=True)
class Companion:
    """Rows of the tables about the companion.

    Attributes:
        commands: how each command is called, and what it does.
        options: each option, what it does, and which commands have it.
        exit_codes: each exit code and its meaning.
    """

    commands: Sequence[Row]
    options: Sequence[Row]
    exit_codes: Sequence[Row]


def write_companion() -> str:
    """The commands, options and exit codes of the companion."""
    companion = read_companion()
    return f"""\
## Companion

`ci-framework COMMAND` adds the framework to an existing repository; the
[migration guide](migration-guide.md) shows how. A path is the top of a git repository,
by default the current directory; `LIST` is a file with one path or address per line.

{table(("command", "what"), companion.commands)}

{table(("option", "what", "commands"), companion.options)}

{table(("exit code of the companion", "meaning"), companion.exit_codes)}"""


def read_companion() -> Companion:
    """Read the parser, which adds the options of one command at a time."""
    names = cli.COMMANDS
    choices = {name: _parsers(name)[1] for name in names}
    parser, _ = _parsers("")
    commands = [
        (f"`{' '.join([name, *_arguments(command)])}`", names[name])
        for name, command in choices.items()
    ]
    codes = re.findall(r"(\d) ([^;.]+)", parser.epilog or "")
    return Companion(
        commands=commands,
        options=list(_options(choices)),
        exit_codes=[(code, meaning) for code, meaning in codes],
    )


def options_of_companion() -> dict[str, list[str]]:
    """The options of each command."""
    return {
        name: sorted(
            option
            for action in _actions(_parsers(name)[1])
            for option in action.option_strings
            if option.startswith("--") and option != "--help"
        )
        for name in cli.COMMANDS
    }


def _parsers(name: str) -> tuple[argparse.ArgumentParser, argparse.ArgumentParser]:
    return cli.parsers(name, cli.load(name) if name else None)


def _actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return cast("list[argparse.Action]", vars(parser)["_actions"])


def _arguments(command: argparse.ArgumentParser) -> Iterator[str]:
    """What stands behind the name of a command."""
    for action in _actions(command):
        if action.option_strings:
            continue
        choices = cast("list[str] | None", action.choices)
        name = "|".join(choices) if choices else str(action.metavar or "PATH")
        yield f"[{name}]" if action.nargs == "?" else name


def _options(commands: Mapping[str, argparse.ArgumentParser]) -> Iterator[Row]:
    """One row for each option, however many commands have it."""
    found: dict[str, tuple[str, list[str]]] = {}
    for name, command in commands.items():
        for action in _actions(command):
            if not action.option_strings or "--help" in action.option_strings:
                continue
            note = action.help or ""
            _, having = found.setdefault(_spelled(action), (note, []))
            having.append(f"`{name}`")
    for option, (note, having) in found.items():
        everywhere = len(having) == len(commands)
        yield option, note, "all" if everywhere else ", ".join(having)


def _spelled(action: argparse.Action) -> str:
    value = cast("Any", action.metavar)
    takes = action.nargs != 0
    shown = str(value or action.dest.upper()) if takes else ""
    return f"`{' '.join(filter(None, [action.option_strings[-1], shown]))}`"
