"""``ci-framework apply``: apply a plan on a new branch, in one commit."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from ci_engine.errors import UsageError
from ci_framework.applying.apply import BRANCH, Adoption, apply_plan
from ci_framework.applying.commits import free_branch
from ci_framework.applying.recover import recover
from ci_framework.commands.options import (
    PlanOptions,
    add_dry_run,
    add_plan,
    add_retire,
    confirm,
    has_terminal,
    read,
)
from ci_framework.commands.questions import ask_decisions
from ci_framework.planning.always_red import AlwaysRedCount
from ci_framework.planning.build import BuiltPlan, build_plan
from ci_framework.planning.plan import Plan
from ci_framework.planning.recorded_answers import find_recorded
from ci_framework.planning.stored_plan import write_plan
from ci_framework.preflight import check_ready, check_repository
from ci_framework.reporting.plan_page import print_plan
from ci_framework.reporting.screen import make_console, printable
from ci_framework.repository import Repository, open_repository


class ApplyOptions(PlanOptions, frozen=True, kw_only=True):
    """The options of ``apply``, which ``adopt`` has as well."""

    plan: str
    branch: str
    dry_run: bool


@dataclass(frozen=True)
class Applied:
    """The result of planning and applying.

    Attributes:
        repository: the repository, read again after applying.
        adoption: the commit; None if nothing was written.
    """

    repository: Repository
    plan: Plan
    adoption: Adoption | None


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_plan(parser)
    add_retire(parser)
    parser.add_argument(
        "--plan", default="", metavar="HASH", help="accept the plan with this hash"
    )
    parser.add_argument("--branch", default="", help="name of the new branch")
    add_dry_run(parser)


def run(parsed: argparse.Namespace) -> int:
    """Plan, ask, and apply on a new branch in one commit."""
    options = read(parsed, ApplyOptions)
    applied = plan_and_apply(options)
    adoption = applied.adoption
    if adoption is None:
        options.emit(applied.plan)
        return 0
    options.emit(
        {
            "schema": 1,
            "hash": applied.plan.hash,
            "summary": f"applied on {adoption.branch}: {applied.plan.summary}",
            "branch": adoption.branch,
            "commit": adoption.commit,
            "base": adoption.base,
            "files": adoption.files,
            "notices": adoption.notices,
        }
    )
    if not options.json:
        console = make_console()
        for notice in adoption.notices:
            console.print(printable(f"note: {notice}"))
        console.print("Next: ci-framework validate, or ci-framework rollback")
    return 0


def plan_and_apply(options: ApplyOptions) -> Applied:
    """Plan, ask, and apply; an interrupted command is finished first.

    Raises:
        UsageError: if the repository is not ready or the user did not agree; nothing
            was written in this case.
        ConfigurationError: if the template rejects an answer.
        ToolError: if something could not run.
    """
    path = Path(options.path)
    repository = open_repository(path)
    console = make_console(errors=options.json)
    recovered = None if options.dry_run else recover(repository)
    if recovered is not None:
        console.print(
            f"The interrupted {recovered.interrupted} is {recovered.outcome}."
        )
        repository = open_repository(path)
    request = options.plan_request()
    if not options.dry_run:
        _refuse_first(repository, options)
    always_red = AlwaysRedCount(repository)
    built = always_red.add_to(build_plan(repository, request))
    if not options.json:
        print_plan(built.plan, console)
    if _asks(built, options):
        decided = ask_decisions(built.plan, request)
        if decided is None:
            console.print("Nothing was written.")
            return Applied(repository, built.plan, None)
        if decided != request:
            built = always_red.add_to(build_plan(repository, decided))
            print_plan(built.plan, console)
    plan = built.plan
    if not plan.writes or options.dry_run:
        return Applied(repository, plan, None)
    for notice in check_ready(repository, built.changes):
        console.print(printable(f"note: {notice}"))
    if not _is_agreed(plan, options):
        console.print("Nothing was written.")
        return Applied(repository, plan, None)
    # Write the plan first, so that a validation finds it if the commit exists.
    write_plan(repository, built)
    adoption = apply_plan(
        repository,
        plan,
        built.changes,
        branch=options.branch or BRANCH,
        message=_message(built),
    )
    count = len(adoption.files)
    console.print(printable(f"Applied: {count} files on branch {adoption.branch}."))
    return Applied(open_repository(path), plan, adoption)


def _refuse_first(repository: Repository, options: ApplyOptions) -> None:
    """Refuse before planning if no plan could be applied."""
    free_branch(repository, options.branch or BRANCH)
    if options.retire or find_recorded(repository) is None:
        check_repository(repository)


def _asks(built: BuiltPlan, options: ApplyOptions) -> bool:
    """Whether to ask for decisions: at a terminal, for the first adoption."""
    unattended = options.plan or options.yes or options.dry_run or options.json
    first = bool(built.plan.writes) and not built.adopted
    return first and not unattended and has_terminal()


def _is_agreed(plan: Plan, options: ApplyOptions) -> bool:
    """Whether the user agrees to the plan, by an option or when asked."""
    if options.plan and options.plan != plan.hash:
        raise UsageError(
            f"--plan: expected {plan.hash!r}, the plan of the repository as it is now "
            f"with these options, got {options.plan!r}",
            hint="read the new plan, then give its hash",
        )
    if options.plan or options.yes:
        return True
    if not has_terminal():
        raise UsageError(
            "no terminal to ask for consent: expected --plan HASH or --yes",
            hint=f"run it again with --plan {plan.hash}",
        )
    return confirm(
        f"Apply plan {plan.hash} on a new branch, in one commit?", default=False
    )


def _message(built: BuiltPlan) -> str:
    plan = built.plan
    retired = [item.path for item in plan.operations if item.kind == "retire"]
    lines = [
        f"ci: adopt ci-framework {plan.template.version}",
        "",
        f"Planned as {plan.hash}: {plan.summary}.",
        "No existing content was changed: the framework is in new files and in marked",
        "blocks. `ci-framework rollback` removes all of it.",
    ]
    if retired:
        lines += ["", f"Removed on request: {', '.join(retired)}."]
    return "\n".join(lines) + "\n"
