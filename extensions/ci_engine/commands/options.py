"""The options of the commands, and the parser of the command line.

Values are checked in one location, against the request of the command.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NoReturn, get_type_hints

from ci_engine import __version__
from ci_engine.commands import COMMANDS
from ci_engine.errors import UsageError, suggest


@dataclass(frozen=True)
class Option:
    """How a field of a request is given on the command line.

    Attributes:
        help: what it means.
        metavar: placeholder of its value; empty = it has none.
        bare: the value of the option without an argument; empty = it requires one.
        name: its name, if it is not that of the field; a name without dashes
            is for positional arguments.
        several: whether it may be repeated.
        shortcuts: options that set one value each, with their help.
    """

    help: str
    metavar: str = ""
    bare: str = ""
    name: str = ""
    several: bool = False
    shortcuts: Mapping[str, str] = field(default_factory=dict[str, str])

    def add_to(self, parser: argparse.ArgumentParser, dest: str) -> None:
        """Add it to a parser."""
        group = parser.add_mutually_exclusive_group() if self.shortcuts else parser
        for value, text in self.shortcuts.items():
            group.add_argument(
                f"--{value}", dest=dest, action="store_const", const=value, help=text
            )
        given: dict[str, Any] = {"metavar": self.metavar} if self.metavar else {}
        if self.several or not self.metavar:
            given["action"] = "append" if self.several else "store_true"
        if self.bare:
            given |= {"nargs": "?", "const": self.bare}
        name = self.name or f"--{dest.replace('_', '-')}"
        given |= {"dest": dest} if name.startswith("--") else {"nargs": "*"}
        group.add_argument(name, help=self.help, **given)


def switch(text: str) -> Option:
    """An option with an optional true or false: inputs of workflows are text."""
    return Option(text, "true|false", bare="true")


DryRun = Annotated[bool, Option("report what would be done, and change nothing")]
Since = Annotated[str, Option("the commit to compare with", "COMMIT")]
Baseline = Annotated[
    Literal["check", "write"],
    Option(
        "check against the baseline (the default), or record the findings",
        "check|write",
    ),
]
Grow = Annotated[bool, Option("with --baseline write: allow new entries")]


def refuse_growth(baseline: str, *, grow: bool) -> None:
    """Refuse ``--grow`` without ``--baseline write``."""
    if grow and baseline != "write":
        raise UsageError(
            "--grow: expected together with --baseline write",
            hint="add --baseline write",
        )


# Messages of argparse, reworded like all other messages.
_WORDINGS = {
    r"^argument (\S+): invalid choice: (.*) \(choose from (.*)\)$": (
        r"\1: expected one of \3, got \2"
    ),
    r"^argument (\S+): expected one argument$": r"\1: expected a value",
    r"^argument (\S+): ": r"\1: ",
}


class Parser(argparse.ArgumentParser):
    """A parser that reports mistakes as all other parts do."""

    def error(self, message: str) -> NoReturn:
        """Raise the message as an error.

        Raises:
            UsageError: always.
        """
        for pattern, wording in _WORDINGS.items():
            message = re.sub(pattern, wording, message)
        raise UsageError(message, hint=f"run `{_shown(self)} --help`")


def _shown(parser: argparse.ArgumentParser) -> str:
    """The program as users call it: the engine's launcher is in a directory."""
    inside = parser.prog.startswith("ci ")
    return f"ci-framework/{parser.prog}" if inside else parser.prog


def make_parser(
    command: str, about: str, exit_codes: Mapping[int, str], request: type
) -> argparse.ArgumentParser:
    """Make the parser of one command: common options, and those of its request."""
    parser = Parser(
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
    hints = get_type_hints(request, include_extras=True)
    for name in request.__annotations__:
        for option in getattr(hints[name], "__metadata__", ()):
            if isinstance(option, Option):
                option.add_to(parser, name)
    return parser


def parse_options(
    parser: argparse.ArgumentParser, argv: Sequence[str]
) -> dict[str, object]:
    """Read the options of a command, by their names."""
    parsed, unknown = parser.parse_known_args(argv)
    if unknown:
        refuse_unknown(parser, unknown[0])
    return {name.replace("_", "-"): value for name, value in vars(parsed).items()}


def refuse_command(name: str, known: Collection[str], program: str) -> NoReturn:
    """Refuse an unknown command, or a missing one.

    Raises:
        UsageError: always.
    """
    problem = f"unknown command {name!r}" if name else "expected a command"
    raise UsageError(
        f"{problem}; {suggest(name, known)}", hint=f"run `{program} --help`"
    )


def refuse_unknown(parser: argparse.ArgumentParser, word: str) -> NoReturn:
    """Refuse an unknown option, and suggest the nearest known one.

    Raises:
        UsageError: always.
    """
    known = re.findall(r"--[a-z][a-z-]+", parser.format_usage())
    name = word.partition("=")[0]
    near = suggest(name, known)
    guess = f"; {near}" if near.startswith("did") else ""
    kind = "option" if name.startswith("-") else "argument"
    raise UsageError(
        f"unknown {kind} {name}{guess}", hint=f"run `{_shown(parser)} --help`"
    )


def describe_exit_codes(exit_codes: Mapping[int, str]) -> str:
    """Describe the exit codes in one line."""
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
