"""The command line: dispatch ``ci-framework COMMAND``."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import Protocol, cast

from ci_engine.commands.options import Parser, refuse_command, refuse_unknown
from ci_engine.errors import run_to_exit_code
from ci_engine.github.log_stream import guarded_streams
from ci_framework import __version__
from ci_framework.temporary_files import own_temporary_files

_EXIT_CODES = """\
exit codes: 0 done; 1 the project's tests or checks got worse; 2 wrong usage, or a
repository that is not ready; 3 not validated, or a tool could not run. No code of the
repository is executed before you agreed to the validation.
"""
# Each is a module of ci_framework.commands, imported when needed.
COMMANDS = {
    "analyze": "report what the repository is, with evidence",
    "plan": "show what an adoption would do",
    "apply": "carry out a plan on a new branch, in one commit",
    "validate": "run the project's own tests and checks before and after",
    "adopt": "analyze, plan, ask, apply, validate and report",
    "rollback": "undo the adoption",
    "resume": "finish an interrupted command",
    "status": "report the state of the adoption",
    "regenerate": "analyze again and offer changed answers as an update",
    "fleet": "run a command on many repositories",
}


class Command(Protocol):
    """A module of ``commands``; without own options it has no ``add_options``."""

    def add_options(self, parser: argparse.ArgumentParser, /) -> None:
        """Add the options of the command."""
        ...

    def run(self, parsed: argparse.Namespace, /) -> int:
        """Run it and return the exit code."""
        ...


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    name = next((word for word in words if word in COMMANDS), "")
    hint = "run `ci-framework status`"
    with guarded_streams():
        return run_to_exit_code(
            f"ci-framework {name}".strip(), lambda: _dispatch(name, words), hint
        )


def _dispatch(name: str, words: list[str]) -> int:
    command = load(name) if name else None
    if not name and not {"--help", "-h", "--version"}.intersection(words):
        word = next((word for word in words if not word.startswith("-")), "")
        refuse_command(word, COMMANDS, "ci-framework")
    parser, subparser = parsers(name, command)
    parsed, unknown = parser.parse_known_args(words)
    if unknown:
        refuse_unknown(subparser, unknown[0])
    # Without a command, the parser has refused the arguments.
    assert command is not None  # noqa: S101
    with own_temporary_files():
        return command.run(parsed)


def load(name: str) -> Command:
    """Import one command; importing all of them would take longer."""
    return cast("Command", importlib.import_module(f"ci_framework.commands.{name}"))


def parsers(
    name: str, command: Command | None
) -> tuple[argparse.ArgumentParser, argparse.ArgumentParser]:
    """The main parser, and that of the command."""
    parser = Parser(
        prog="ci-framework",
        description="Adopt ci-framework in an existing repository, or roll it back.",
        epilog=_EXIT_CODES,
    )
    parser.add_argument(
        "--version", action="version", version=f"ci-framework {__version__}"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    of_command: argparse.ArgumentParser = parser
    for known, text in COMMANDS.items():
        subparser = commands.add_parser(known, help=text, epilog=_EXIT_CODES)
        if known == name and command is not None:
            _add_options(subparser, name, command)
            of_command = subparser
    return parser, of_command


def _add_options(parser: argparse.ArgumentParser, name: str, command: Command) -> None:
    if name != "fleet":
        parser.add_argument(
            "path", nargs="?", default=".", help="the repository (default: here)"
        )
    if hasattr(command, "add_options"):
        command.add_options(parser)
    parser.add_argument(
        "--yes", action="store_true", help="answer yes to every question"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--report-dir",
        default="",
        metavar="DIR",
        help="where reports are written (validate, adopt: default inside the git "
        "directory)",
    )
