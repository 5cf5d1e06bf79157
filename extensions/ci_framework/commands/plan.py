"""``ci-framework plan``: show what an adoption would do."""

from __future__ import annotations

import shlex
from pathlib import Path

import msgspec
import yaml

from ci_framework.planning.build import PlanRequest, build_plan
from ci_framework.planning.plan import Plan
from ci_framework.reporting.plan_page import print_plan
from ci_framework.reporting.screen import make_console, print_json, write_report
from ci_framework.repository import open_repository

__all__ = ["answers_text", "run_plan"]


def run_plan(
    path: Path,
    request: PlanRequest,
    *,
    as_json: bool,
    whole: bool,
    write_answers: str,
    report_dir: str,
) -> int:
    """Print the plan of an adoption; the repository is not changed.

    Args:
        path: the top of the repository.
        request: what was asked for.
        as_json: whether to print JSON.
        whole: whether every capability of the existing CI is shown.
        write_answers: a file to write the answers to, empty = none.
        report_dir: where to write plan.json as well, empty = nowhere.
    """
    built = build_plan(open_repository(path), request)
    if write_answers:
        target = Path(write_answers)
        write_report(target.parent, target.name, answers_text(built.plan))
    if report_dir:
        text = msgspec.json.encode(built.plan).decode()
        write_report(Path(report_dir), "plan.json", text)
    if as_json:
        print_json(built.plan)
        return 0
    console = make_console()
    print_plan(built.plan, console, whole=whole)
    if built.plan.writes:
        command = (
            f"ci-framework adopt {shlex.quote(str(path))} --plan {built.plan.hash}"
        )
        console.print(f"Next: {command} (with the same options)", soft_wrap=True)
    return 0


def answers_text(plan: Plan) -> str:
    """The answers as a YAML file to edit, with the reason above each."""
    lines = [
        "# Answers of ci-framework: edit them and give them back by --answers.",
        "",
    ]
    for name, value in plan.answers.items():
        because = " ".join(plan.reasons.get(name, "").split())
        lines += [f"# {because}"] if because else []
        lines.append(yaml.safe_dump({name: value}, allow_unicode=True).rstrip("\n"))
    return "\n".join(lines) + "\n"
