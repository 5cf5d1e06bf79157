"""The options of each command."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from ci_engine import __version__
from ci_engine.commands.security_options import add_cleanup, add_scan
from ci_engine.commands.shared_options import add_baseline, add_checks, add_since

__all__ = ["Arguments", "parse"]

_EXIT_CODES = """\
exit codes: 0 green; 1 red; 2 wrong usage or configuration; 3 a required tool could
not run. Settings: [tool.ci-framework] in pyproject.toml, CI_FRAMEWORK_* variables.
"""


class Arguments(argparse.Namespace):
    """Everything the command line may hold, typed."""

    command: str
    repository: Path
    tier: str
    python: str
    only: str
    fail_fast: bool
    fix: bool
    coverage_threshold: int | None
    timeout: float | None
    report_dir: str
    json: bool
    dry_run: bool
    since: str
    baseline: str
    grow: bool
    hooks: bool
    explain: str
    matrix: Literal["full", "spot-check"]
    level: str
    history: Literal["", "none", "change", "all"]
    image: list[str]
    action: Literal["check", "apply", "pull-request", "push", "configured"]
    patterns: str
    skip_comment: str
    advanced: str
    tools: str
    reports: str
    page: str
    comment: str
    security: str
    performance: str
    paths: list[str]
    more_paths: str
    affected: bool
    selection: str
    head: str
    analyze_dependencies: Literal["auto", "true", "false"]
    optimize_tests: str
    package: str
    configure: bool
    releases: bool
    analyze: bool
    gate: bool
    changed_only: bool
    form: Literal["text", "json", "mermaid"]
    jobs: int
    remove: bool


def parse(arguments: Sequence[str] | None) -> Arguments:
    """Parse the command line; an unknown option gets the usage of its own command."""
    words = sys.argv[1:] if arguments is None else arguments
    asked = next((word for word in words if not word.startswith("-")), "")
    parser, commands = _parser(asked)
    parsed, unknown = parser.parse_known_args(arguments, namespace=Arguments())
    if unknown:
        command = commands[parsed.command]
        known = re.findall(r"--[a-z-]+", command.format_usage())
        near = difflib.get_close_matches(unknown[0].partition("=")[0], known, 1)
        guess = f"; did you mean {near[0]}?" if near else ""
        command.error(f"{unknown[0]}: no such option{guess}")
    return parsed


def _parser(
    asked: str,
) -> tuple[argparse.ArgumentParser, Mapping[str, argparse.ArgumentParser]]:
    parser = argparse.ArgumentParser(
        prog="ci", description="The same checks here as in CI.", epilog=_EXIT_CODES
    )
    parser.add_argument(
        "--version", action="version", version=f"ci-framework {__version__}"
    )
    parser.add_argument(
        "--verbose", action="store_true", help="say which Python runs the engine"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (add_options, what) in _OPTIONS.items():
        command = commands.add_parser(name, help=what)
        # The options of the others would only take their time.
        if asked in (name, ""):
            _add_options(command, add_options)
    return parser, commands.choices


def _add_options(
    command: argparse.ArgumentParser, add: Callable[[argparse.ArgumentParser], None]
) -> None:
    add(command)
    command.epilog = _EXIT_CODES
    command.add_argument(
        "--verbose", action="store_true", help="say which Python runs the engine"
    )
    command.add_argument("--json", action="store_true", help="print the result as JSON")
    command.add_argument(
        "--report-dir", default="", metavar="DIR", help="where reports are written"
    )


def _add_gate(parser: argparse.ArgumentParser) -> None:
    add_checks(parser)
    parser.add_argument(
        "--fail-fast", action="store_true", help="stop at the first failure"
    )
    parser.add_argument(
        "--fix", action="store_true", help="let ruff correct what it can"
    )
    parser.add_argument(
        "--coverage-threshold", type=int, metavar="PERCENT", help="least coverage"
    )
    parser.add_argument(
        "--timeout", type=float, metavar="SECONDS", help="for each single check"
    )
    add_baseline(parser)
    add_since(parser)
    parser.add_argument(
        "--affected",
        action="store_true",
        help="leave out the tests that the change cannot break",
    )
    parser.add_argument(
        "--selection",
        default="",
        metavar="FILE",
        help="the same, as `ci changes` told it in its changes.json",
    )
    parser.add_argument(
        "--package", default="", metavar="NAMES", help="check these packages alone"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would run, run nothing"
    )
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="only these files, or tests by id"
    )
    parser.add_argument(
        "--paths",
        dest="more_paths",
        default="",
        metavar="LINES",
        help="the same as one text with a path on each line",
    )


def _add_changes(parser: argparse.ArgumentParser) -> None:
    add_since(parser)
    parser.add_argument(
        "--head", default="", metavar="COMMIT", help="where the change ends"
    )
    parser.add_argument(
        "--explain",
        default="",
        metavar="FILE",
        help="tell what one file is, which tests it selects and what selects it",
    )
    # With a value each, for workflows: their inputs are texts.
    parser.add_argument(
        "--analyze-dependencies",
        nargs="?",
        choices=("auto", "true", "false"),
        const="true",
        default="auto",
        help="follow the imports from the change to the tests, and to the packages "
        "that need those which it touches; true plans jobs for packages in any case",
    )
    parser.add_argument(
        "--optimize-tests",
        choices=("true", "false"),
        default="true",
        help="leave out tests that the change cannot break",
    )
    parser.add_argument(
        "--matrix",
        choices=("full", "spot-check"),
        default="full",
        help="whether CI tests a change on all Pythons or on two",
    )


def _add_packages(parser: argparse.ArgumentParser) -> None:
    for name, destination, text in (
        ("scan", "scan", "list the packages (what is done if nothing is asked for)"),
        ("configure", "configure", "write what is found to ci-framework/project/"),
        ("releases", "releases", "with --configure: configure release-please as well"),
        ("analyze-dependencies", "analyze", "tell which package needs which"),
        ("gate", "gate", "run the gate of the packages"),
        ("changed-only", "changed_only", "only what a change touches, and its users"),
        ("fail-fast", "fail_fast", "start no other package once one failed"),
        ("dry-run", "dry_run", "say what would be done, do nothing"),
    ):
        parser.add_argument(
            f"--{name}", dest=destination, action="store_true", help=text
        )
    parser.add_argument(
        "--package",
        default="",
        metavar="NAMES",
        help="packages, comma-separated; auto-detect stands for all",
    )
    add_since(parser)
    parser.add_argument(
        "--format",
        dest="form",
        choices=("text", "json", "mermaid"),
        default="text",
        help="how to print what depends on what",
    )
    add_checks(parser)
    parser.add_argument(
        "--jobs", type=int, default=0, metavar="N", help="packages at the same time"
    )


def _add_validate(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(paths=[])


def _add_setup(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--no-hooks", dest="hooks", action="store_false", help="leave git hooks alone"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would be done, do nothing"
    )


def _add_vendor(parser: argparse.ArgumentParser) -> None:
    from ci_engine.commands.vendor import add_options  # noqa: PLC0415 - quicker --help

    add_options(parser)


def _add_summary(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--reports", default=".ci-framework", metavar="DIR", help="reports to gather"
    )
    parser.add_argument(
        "--page", default="", metavar="FILE", help="take this page, gather nothing"
    )
    # With a value each, for workflows: their inputs are texts.
    for name, default, text in (
        ("comment", "false", "comment on the pull request"),
        ("security", "true", "write the section on security"),
        ("performance", "true", "write the section on where the time went"),
    ):
        parser.add_argument(
            f"--{name}",
            nargs="?",
            choices=("true", "false"),
            const="true",
            default=default,
            help=text,
        )


_OPTIONS: Mapping[str, tuple[Callable[[argparse.ArgumentParser], None], str]] = {
    "gate": (_add_gate, "run the checks of a quality tier"),
    "changes": (_add_changes, "tell what a change touches"),
    "cleanup": (add_cleanup, "find files left by tools"),
    "scan": (add_scan, "look for flaws and secrets"),
    "validate": (_add_validate, "check every configuration file"),
    "setup": (_add_setup, "prepare environment and hooks"),
    "vendor": (_add_vendor, "copy the engine into the repository"),
    "summary": (_add_summary, "one page for all that ran"),
    "packages": (_add_packages, "the packages of a monorepo, and checks"),
}
