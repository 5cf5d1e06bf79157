"""``ci-framework validate``: prove that an adoption broke nothing."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec
import questionary

from ci_engine.errors import UsageError
from ci_framework.applying.amend import amend
from ci_framework.applying.journal import home, read_journal, record_validation
from ci_framework.applying.records import Journal, RecordedVerdict
from ci_framework.applying.recover import refuse_interrupted
from ci_framework.planning.build import PlanRequest, build_plan
from ci_framework.planning.plan import Operation
from ci_framework.planning.stored_plan import StoredPlan, read_plan
from ci_framework.reporting.adoption_report import report_json, report_markdown
from ci_framework.reporting.screen import make_console, printable, write_report
from ci_framework.repository import Repository, open_repository
from ci_framework.validating.clones import clone_both
from ci_framework.validating.model import AdoptionFacts, Hashes, Validation, Verdict
from ci_framework.validating.validate import Scope, planned_commands, validate

__all__ = ["ValidateRequest", "run_validate", "validate_adoption"]

BASELINE = "ci-framework/project/baseline.json"
_VERDICTS: dict[Verdict, RecordedVerdict] = {
    "validated": "green",
    # Nothing of the project ran: that is no proof, and nothing went wrong.
    "validated-statically": "static",
    "not-validated": "error",
    "failed": "red",
}


@dataclass(frozen=True)
class ValidateRequest:
    """What the command line asked for.

    Attributes:
        static: run nothing of the project.
        agreed: whether the user agreed to run the project's code.
        timeout: seconds that one run of the project's tests may take.
        as_json: whether to print JSON.
        report_dir: where reports are written, empty = inside the git directory.
    """

    static: bool
    agreed: bool
    timeout: float
    as_json: bool
    report_dir: str


def run_validate(path: Path, request: ValidateRequest) -> int:
    """Validate the adoption of a repository.

    Raises:
        UsageError: if there is no adoption.
        ToolError: if git cannot clone the repository.
    """
    repository = open_repository(path)
    refuse_interrupted(repository)
    return validate_adoption(repository, request)


def validate_adoption(repository: Repository, request: ValidateRequest) -> int:
    """Validate, record what is red today in the adoption's commit, and report."""
    journal = read_journal(repository)
    if journal is None or not journal.in_force:
        raise UsageError(
            "this repository has no adoption", hint="run `ci-framework adopt` first"
        )
    stored = read_plan(repository, journal.plan)
    if stored is None:
        raise UsageError(
            f"{home(repository)}: expected the plan {journal.plan}, found none",
            hint="validate the adoption in the clone in which it was applied",
        )
    facts = _facts(journal, stored)
    console = make_console(errors=request.as_json)
    with clone_both(repository, facts.base, facts.adopted) as clones:
        scope: Scope = "static"
        if not request.static:
            console.print("\nThe validation runs code of the project:")
            for row in planned_commands(clones, facts):
                console.print(printable(row))
            scope = "full" if request.agreed or _ask() else "not-agreed"
        validation = validate(
            repository,
            facts,
            clones,
            scope=scope,
            console=console,
            timeout=request.timeout,
        )
    recorded = _record_baseline(repository, validation)
    summary = _summary(validation)
    record_validation(repository, _VERDICTS[validation.verdict], summary)
    _report(repository, request, stored, validation, recorded)
    return validation.exit_code


def _facts(journal: Journal, stored: StoredPlan) -> AdoptionFacts:
    return AdoptionFacts(
        base=journal.base,
        adopted=journal.commit,
        plan=stored.plan,
        changed={
            step.path: Hashes(
                before=step.before.content if step.before else "",
                after=step.after.content if step.after else "",
            )
            for step in journal.adoption.steps
        },
        inventory=stored.inventory,
        replan=_replan,
    )


def _replan(clone: Repository) -> list[Operation]:
    """Plan again, for the adopted commit as it was made."""
    return build_plan(clone, PlanRequest()).plan.operations


def _ask() -> bool:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    return bool(questionary.confirm("Run this?", default=True).ask())


def _record_baseline(repository: Repository, validation: Validation) -> bool:
    """Put what is red today into the commit of the adoption."""
    if validation.baseline is None:
        return False
    return amend(repository, {BASELINE: validation.baseline}) is not None


def _summary(validation: Validation) -> str:
    bad = [
        f"{check.name}: {check.reason}"
        for check in validation.checks
        if check.status in ("failed", "not-run")
    ]
    return ": ".join([validation.verdict.replace("-", " "), "; ".join(bad)]).rstrip(
        ": "
    )


def _report(
    repository: Repository,
    request: ValidateRequest,
    stored: StoredPlan,
    validation: Validation,
    recorded: bool,
) -> None:
    directory = (
        Path(request.report_dir) if request.report_dir else home(repository) / "report"
    )
    page = report_markdown(stored.plan, validation, stored.inventory)
    data = report_json(stored.plan, validation, stored.inventory)
    text = msgspec.json.format(msgspec.json.encode(data)).decode() + "\n"
    write_report(directory, "adoption.json", text)
    location = write_report(directory, "adoption.md", page)
    if request.as_json:
        sys.stdout.write(text)
        return
    console = make_console()
    console.print(f"\n{_summary(validation)}", markup=False)
    if recorded:
        console.print(f"What is red today is recorded in {BASELINE}.")
    for step in validation.next_steps:
        console.print(printable(f"hint: {step}"))
    console.print(printable(f"Report for the pull request: {location}"))
    console.print("Back to before: ci-framework rollback")
