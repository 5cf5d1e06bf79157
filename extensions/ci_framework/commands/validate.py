"""``ci-framework validate``: verify that an adoption broke nothing."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec

from ci_engine.errors import UsageError
from ci_framework.applying.amend import amend
from ci_framework.applying.journal import home, read_journal, record_validation
from ci_framework.applying.records import Journal, RecordedVerdict
from ci_framework.applying.recover import refuse_interrupted
from ci_framework.commands.options import (
    Options,
    add_validation,
    confirm,
    has_terminal,
    read,
)
from ci_framework.planning.build import PlanRequest, build_plan
from ci_framework.planning.plan import Operation
from ci_framework.planning.stored_plan import StoredPlan, read_plan
from ci_framework.reporting.adoption_report import report_json, report_markdown
from ci_framework.reporting.screen import make_console, printable, write_report
from ci_framework.repository import Repository, open_repository
from ci_framework.validating.clones import clone_both
from ci_framework.validating.model import AdoptionFacts, Hashes, Validation, Verdict
from ci_framework.validating.validate import Scope, planned_commands, validate

BASELINE = "ci-framework/project/baseline.json"
_VERDICTS: dict[Verdict, RecordedVerdict] = {
    "validated": "green",
    # No code of the project ran, which verifies nothing, but nothing failed either.
    "validated-statically": "static",
    "not-validated": "error",
    "failed": "red",
}


class ValidateOptions(Options, frozen=True, kw_only=True):
    """The options of ``validate``, which ``adopt`` has as well."""

    static: bool
    timeout: float


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_validation(parser)


def run(parsed: argparse.Namespace) -> int:
    """Validate the adoption of a repository."""
    options = read(parsed, ValidateOptions)
    repository = open_repository(Path(options.path))
    refuse_interrupted(repository)
    return validate_adoption(repository, options)


def validate_adoption(repository: Repository, options: ValidateOptions) -> int:
    """Validate, record existing findings in the adoption's commit, and report.

    Raises:
        UsageError: if there is no adoption.
        ToolError: if git cannot clone the repository.
    """
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
    console = make_console(errors=options.json)
    with clone_both(repository, facts.base, facts.adopted) as clones:
        scope: Scope = "static"
        if not options.static:
            console.print("\nThe validation runs code of the project:")
            for row in planned_commands(clones, facts):
                console.print(printable(row))
            scope = "full" if options.yes or _ask() else "not-agreed"
        validation = validate(
            repository,
            facts,
            clones,
            scope=scope,
            console=console,
            timeout=options.timeout,
        )
    recorded = _record_baseline(repository, validation)
    summary = _summary(validation)
    record_validation(repository, _VERDICTS[validation.verdict], summary)
    _report(repository, options, stored, validation, recorded)
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
    """Plan again, for the adopted commit."""
    return build_plan(clone, PlanRequest()).plan.operations


def _ask() -> bool:
    return has_terminal() and confirm("Run this?", default=True)


def _record_baseline(repository: Repository, validation: Validation) -> bool:
    """Add the baseline of existing findings to the commit of the adoption."""
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
    options: ValidateOptions,
    stored: StoredPlan,
    validation: Validation,
    recorded: bool,
) -> None:
    directory = Path(options.report_dir or home(repository) / "report")
    page = report_markdown(stored.plan, validation, stored.inventory)
    data = report_json(stored.plan, validation, stored.inventory)
    text = msgspec.json.format(msgspec.json.encode(data)).decode() + "\n"
    write_report(directory, "adoption.json", text)
    # Linters of Markdown also read the files below .git.
    name = "adoption.md" if options.report_dir else "adoption"
    location = write_report(directory, name, page)
    if options.json:
        sys.stdout.write(text)
        return
    console = make_console()
    console.print(f"\n{_summary(validation)}", markup=False)
    if recorded:
        console.print(f"Existing findings are recorded in {BASELINE}.")
    for step in validation.next_steps:
        console.print(printable(f"hint: {step}"))
    console.print(printable(f"Report for the pull request: {location}"))
    console.print("To undo it: ci-framework rollback")
