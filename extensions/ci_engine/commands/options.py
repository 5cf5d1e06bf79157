"""The options that several commands share, and the parser of the command line.

What a value may be is checked once, against the request of the command.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from typing import NoReturn

from ci_engine import __version__
from ci_engine.commands import COMMANDS
from ci_engine.errors import UsageError, suggest

__all__ = [
    "add_baseline",
    "add_checks",
    "add_dry_run",
    "add_since",
    "add_switch",
    "describe_exit_codes",
    "general_help",
    "make_parser",
    "parse_options",
]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message, hint=f"run `ci-framework/{self.prog} --help`")


def make_parser(
    command: str, about: str, exit_codes: Mapping[int, str]
) -> argparse.ArgumentParser:
    """A parser for one command, with the options that every command has."""
    parser = _Parser(
        prog=f"ci {command}",
        description=about,
        epilog=f"{describe_exit_codes(exit_codes)}\nSettings: [tool.ci-framework] in "
        "pyproject.toml, CI_FRAMEWORK_* variables.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--report-dir", metavar="DIR", help="where to write reports")
    parser.add_argument(
        "--verbose", action="store_true", help="report which Python runs the engine"
    )
    return parser


def parse_options(
    parser: argparse.ArgumentParser, argv: Sequence[str]
) -> dict[str, object]:
    """Read the options of a command, by their names.

    Raises:
        UsageError: for an unknown option, or one without its value.
    """
    parsed, unknown = parser.parse_known_args(argv)
    if unknown:
        known = re.findall(r"--[a-z][a-z-]+", parser.format_usage())
        name = unknown[0].partition("=")[0]
        near = suggest(name, known)
        guess = f"; {near}" if near.startswith("did") else ""
        raise UsageError(
            f"unknown option {name}{guess}",
            hint=f"run `ci-framework/{parser.prog} --help`",
        )
    return {name.replace("_", "-"): value for name, value in vars(parsed).items()}


def describe_exit_codes(exit_codes: Mapping[int, str]) -> str:
    """What the exit codes mean, in one line."""
    return f"exit codes: {'; '.join(f'{k} {v}' for k, v in exit_codes.items())}."


def general_help(exit_codes: Mapping[int, str]) -> str:
    """The help of the engine as a whole."""
    rows = [f"  {name:<10} {summary}" for name, summary in COMMANDS.items()]
    return "\n".join(
        [
            f"usage: ci COMMAND [OPTION]...        (ci-framework {__version__})",
            "",
            "The same checks on your machine as in CI.",
            "",
            "commands:",
            *rows,
            "",
            "`ci COMMAND --help` lists the options of a command.",
            describe_exit_codes(exit_codes),
            "",
        ]
    )


def add_switch(parser: argparse.ArgumentParser, name: str, text: str) -> None:
    """An option that may have the value true or false: inputs of workflows are text."""
    parser.add_argument(
        f"--{name}", nargs="?", const="true", metavar="true|false", help=text
    )


def add_dry_run(parser: argparse.ArgumentParser) -> None:
    """Report only."""
    parser.add_argument(
        "--dry-run", action="store_true", help="report what would be done, do nothing"
    )


def add_since(parser: argparse.ArgumentParser) -> None:
    """The commit that a change started from."""
    parser.add_argument(
        "--since", metavar="COMMIT", help="the commit that the change started from"
    )


def add_baseline(parser: argparse.ArgumentParser) -> None:
    """Whether the baseline is checked, or written."""
    parser.add_argument(
        "--baseline",
        metavar="check|write",
        help="check against the baseline (the default), or record what is red now",
    )
    parser.add_argument(
        "--grow", action="store_true", help="with --baseline write: allow new entries"
    )


def add_checks(parser: argparse.ArgumentParser) -> None:
    """Which checks run, and with which Python."""
    parser.add_argument("--tier", metavar="TIER", help="essential, extended or full")
    parser.add_argument("--python", metavar="3.X", help="the Python that runs tests")
    parser.add_argument("--only", metavar="CHECKS", help="some checks, comma-separated")
