"""``ci-framework plan``: show what an adoption would do."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

import yaml

from ci_framework.commands.options import PlanOptions, add_plan, add_retire, read
from ci_framework.planning.always_red import AlwaysRedCount
from ci_framework.planning.build import build_plan
from ci_framework.planning.plan import Plan
from ci_framework.preflight import check_commit
from ci_framework.reporting.plan_page import print_plan
from ci_framework.reporting.screen import make_console, write_report
from ci_framework.repository import open_repository


class _Request(PlanOptions, frozen=True, kw_only=True):
    capabilities: bool
    write_answers: str


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_plan(parser)
    add_retire(parser)
    parser.add_argument(
        "--capabilities",
        action="store_true",
        help="show what happens to every part of the existing CI",
    )
    parser.add_argument(
        "--write-answers",
        default="",
        metavar="FILE",
        help="write the answers to a file that can be edited and given to --answers",
    )


def run(parsed: argparse.Namespace) -> int:
    """Print the plan of an adoption; does not change the repository."""
    options = read(parsed, _Request)
    repository = open_repository(Path(options.path), read_only=True)
    check_commit(repository)
    built = build_plan(repository, options.plan_request())
    plan = AlwaysRedCount(repository).add_to(built).plan
    if options.write_answers:
        target = Path(options.write_answers)
        write_report(target.parent, target.name, _answers_text(plan))
    options.emit(plan)
    if options.json:
        return 0
    console = make_console()
    print_plan(plan, console, whole=options.capabilities)
    if plan.writes:
        command = f"ci-framework adopt {shlex.quote(options.path)} --plan {plan.hash}"
        console.print(f"Next: {command} (with the same options)", soft_wrap=True)
    return 0


def _answers_text(plan: Plan) -> str:
    """The answers as a YAML file, with the reason above each."""
    lines = [
        "# Answers of ci-framework: edit them, then give this file to --answers.",
        "",
    ]
    for name, value in plan.answers.items():
        because = " ".join(plan.reasons.get(name, "").split())
        lines += [f"# {because}"] if because else []
        lines.append(yaml.safe_dump({name: value}, allow_unicode=True).rstrip("\n"))
    return "\n".join(lines) + "\n"
