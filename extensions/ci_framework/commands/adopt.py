"""``ci-framework apply`` and ``adopt``: carry out a plan, and prove that it is good."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import questionary

from ci_engine.errors import UsageError
from ci_framework.applying.apply import BRANCH, Adoption, apply_plan
from ci_framework.applying.journal import read_journal
from ci_framework.applying.recover import recover
from ci_framework.commands.validate import ValidateRequest, validate_adoption
from ci_framework.planning.build import BuiltPlan, PlanRequest, build_plan
from ci_framework.planning.plan import Plan
from ci_framework.planning.stored_plan import write_plan
from ci_framework.preflight import check_ready
from ci_framework.reporting.plan_page import print_plan
from ci_framework.reporting.screen import make_console, print_json, printable
from ci_framework.repository import open_repository

__all__ = ["AdoptRequest", "run_adopt"]


@dataclass(frozen=True)
class AdoptRequest:
    """What the command line asked for.

    Attributes:
        plan: how to plan.
        agreed_hash: the hash of the plan that the user agreed to, empty = none.
        agreed: whether the user agreed to whatever is planned.
        branch: the name of the new branch, empty = the usual one.
        dry_run: only show the plan.
        validation: whether and how to validate afterwards.
        timeout: seconds that one run of the project's tests may take.
        as_json: whether to print JSON.
        report_dir: where reports are written, empty = inside the git directory.
    """

    plan: PlanRequest
    agreed_hash: str
    agreed: bool
    branch: str
    dry_run: bool
    validation: Literal["none", "static", "full"]
    timeout: float
    as_json: bool
    report_dir: str


def run_adopt(path: Path, request: AdoptRequest) -> int:
    """Plan, ask, apply on a new branch in one commit, validate, report.

    Raises:
        UsageError: if the repository is not ready or nobody agreed; nothing was
            written then.
        ConfigurationError: if the template refuses an answer.
        ToolError: if something could not run.
    """
    repository = open_repository(path)
    console = make_console(errors=request.as_json)
    recovered = None if request.dry_run else recover(repository)
    if recovered is not None:
        console.print(
            f"The {recovered.interrupted} that was interrupted before is "
            f"{recovered.outcome}."
        )
        repository = open_repository(path)
    built = build_plan(repository, request.plan)
    plan = built.plan
    if not request.as_json:
        print_plan(plan, console)
    if not plan.writes:
        journal = read_journal(repository)
        if (
            journal is None
            or journal.phase != "applied"
            or request.validation == "none"
        ):
            return _nothing(plan, request)
        # Applied before and not proved since: that is what is left of adopting.
        return validate_adoption(repository, _validation(request))
    if request.dry_run:
        if request.as_json:
            print_json(plan)
        return 0
    notices = check_ready(repository, built.changes)
    for notice in notices:
        console.print(printable(f"note: {notice}"))
    if not _agreed(plan, request):
        console.print("Nothing was written.")
        return 0
    # First, so that a validation finds it whenever the commit exists.
    write_plan(repository, built)
    adoption = apply_plan(
        repository,
        plan,
        built.changes,
        branch=request.branch or BRANCH,
        message=_message(built),
    )
    console.print(
        printable(f"Applied: {len(adoption.files)} files on branch {adoption.branch}.")
    )
    if request.validation == "none":
        return _applied(plan, adoption, request)
    return validate_adoption(open_repository(path), _validation(request))


def _validation(request: AdoptRequest) -> ValidateRequest:
    return ValidateRequest(
        static=request.validation == "static",
        agreed=request.agreed or bool(request.agreed_hash),
        timeout=request.timeout,
        as_json=request.as_json,
        report_dir=request.report_dir,
    )


def _agreed(plan: Plan, request: AdoptRequest) -> bool:
    """Whether the user agrees to the plan, by an option or when asked.

    Raises:
        UsageError: if the agreement is to another plan, or there is nobody to ask.
    """
    if request.agreed_hash:
        if request.agreed_hash != plan.hash:
            raise UsageError(
                f"--plan: found {request.agreed_hash!r}; allowed: {plan.hash!r}, the "
                "plan of the repository as it is now, with these options",
                hint="read the new plan, then give its hash",
            )
        return True
    if request.agreed:
        return True
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "there is no terminal to ask at; allowed: --plan HASH or --yes",
            hint=f"run it again with --plan {plan.hash}",
        )
    question = f"Apply plan {plan.hash} on a new branch, in one commit?"
    return bool(questionary.confirm(question, default=False).ask())


def _message(built: BuiltPlan) -> str:
    plan = built.plan
    retired = [item.path for item in plan.operations if item.kind == "retire"]
    lines = [
        f"ci: adopt ci-framework {plan.template.version}",
        "",
        f"Planned as {plan.hash}: {plan.summary}.",
        "What the project had stays as it was; the framework's part is in files of "
        "its own",
        "and in marked blocks. `ci-framework rollback` takes all of it back.",
    ]
    if retired:
        lines += ["", f"Removed on request: {', '.join(retired)}."]
    return "\n".join(lines) + "\n"


def _nothing(plan: Plan, request: AdoptRequest) -> int:
    if request.as_json:
        print_json(plan)
    return 0


def _applied(plan: Plan, adoption: Adoption, request: AdoptRequest) -> int:
    if request.as_json:
        print_json(
            {
                "schema": 1,
                "hash": plan.hash,
                "summary": f"applied on {adoption.branch}: {plan.summary}",
                "branch": adoption.branch,
                "commit": adoption.commit,
                "base": adoption.base,
                "files": adoption.files,
                "notices": adoption.notices,
            }
        )
    else:
        console = make_console()
        for notice in adoption.notices:
            console.print(printable(f"note: {notice}"))
        console.print("Next: ci-framework validate, or ci-framework rollback")
    return 0
