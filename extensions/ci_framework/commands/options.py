"""Options that several commands share, and their parsed values."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TypeVar

import msgspec

from ci_framework.planning.build import PlanRequest
from ci_framework.planning.given_answers import parse_answer, read_given_answers
from ci_framework.reporting.screen import print_json, write_report


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The options of every command.

    Attributes:
        yes: whether the user agreed in advance.
        report_dir: the directory for reports; empty = the command's usual one.
    """

    command: str
    path: str = "."
    json: bool = False
    yes: bool = False
    report_dir: str = ""

    def emit(self, data: object) -> None:
        """Print the result as JSON and write it to the reports, if requested."""
        if self.json:
            print_json(data)
        if self.report_dir:
            text = msgspec.json.format(msgspec.json.encode(data, enc_hook=str))
            write_report(
                Path(self.report_dir), f"{self.command}.json", text.decode() + "\n"
            )


class PlanOptions(Options, frozen=True, kw_only=True):
    """The options that determine a plan."""

    template: str = ""
    vcs_ref: str = ""
    answer: list[str] = []
    answers: str = ""
    retire: list[str] = []
    smallest: bool = False

    def plan_request(self) -> PlanRequest:
        """Read the given answers."""
        answers: dict[str, object] = {}
        if self.answers:
            answers.update(read_given_answers(Path(self.answers)))
        answers.update(parse_answer(item) for item in self.answer)
        return PlanRequest(
            self.template,
            self.vcs_ref,
            answers,
            tuple(self.retire),
            smallest=self.smallest,
        )


_OptionsT = TypeVar("_OptionsT", bound=Options)


def read(parsed: argparse.Namespace, kind: type[_OptionsT]) -> _OptionsT:
    """Convert parsed arguments to typed options."""
    return msgspec.convert(vars(parsed), kind)


def add_plan(parser: argparse.ArgumentParser) -> None:
    """Add the options that determine a plan."""
    parser.add_argument(
        "--template", default="", help="address or directory of the template"
    )
    parser.add_argument("--vcs-ref", default="", help="its tag, branch or commit")
    parser.add_argument(
        "--answer",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an answer that overrides the one from the analysis (repeatable)",
    )
    parser.add_argument(
        "--answers", default="", metavar="FILE", help="answers as a YAML file"
    )


def add_retire(parser: argparse.ArgumentParser) -> None:
    """Add the options for the extent of an adoption, and for workflows to remove."""
    parser.add_argument(
        "--smallest",
        action="store_true",
        help="adopt only the gate: settings, launcher and one workflow",
    )
    parser.add_argument(
        "--retire",
        action="append",
        default=[],
        metavar="WORKFLOW",
        help="remove this existing workflow (repeatable)",
    )


def add_validation(parser: argparse.ArgumentParser) -> None:
    """Add the options of a validation."""
    parser.add_argument(
        "--static", action="store_true", help="run no code of the project"
    )
    parser.add_argument(
        "--timeout",
        type=float,
        default=1200.0,
        metavar="SECONDS",
        help="limit of each run of the project's tests (default: 1200)",
    )


def add_dry_run(parser: argparse.ArgumentParser) -> None:
    """Add the option that shows what a command would do."""
    parser.add_argument(
        "--dry-run", action="store_true", help="show what would be done, write nothing"
    )


def has_terminal() -> bool:
    """Whether the user can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def confirm(question: str, *, default: bool) -> bool:
    """Ask a yes-or-no question at the terminal."""
    import questionary  # noqa: PLC0415 - only where a person is asked

    return bool(questionary.confirm(question, default=default).ask())
