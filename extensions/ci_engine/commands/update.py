"""``ci update``: check whether a newer framework version fits, and propose it."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path
from typing import Annotated

import msgspec

from ci_engine.commands.command import Command, Request
from ci_engine.commands.options import DryRun, Option, switch
from ci_engine.commands.output import print_list
from ci_engine.commands.paths import relative_directory
from ci_engine.configuration.surroundings import Surroundings
from ci_engine.errors import UsageError
from ci_engine.findings.results import CheckResult, Finding, Status, make_result
from ci_engine.github.outputs import write_outputs
from ci_engine.processes.activity import activity
from ci_engine.processes.signals import on_signals, restore
from ci_engine.project.output_files import prepare_directory, write_text
from ci_engine.project.repository import read_project
from ci_engine.releases.framework_update import (
    FrameworkUpdate,
    MadeUpdate,
    answers_file,
)
from ci_engine.releases.update_proposal import proposal_of
from ci_engine.reports.console import Console
from ci_engine.reports.publishing import publish, write_reports

_ABOUT = """\
Merge the latest version of ci-framework in a clone, and validate the result there. The
repository stays as it is; --pull-request proposes in a workflow what was merged.
"""
_FACTS, _BUNDLE = "update.json", "update.bundle"


class UpdateOptions(Request, frozen=True, kw_only=True, rename="kebab"):
    """The command line of ``ci update``."""

    pull_request: Annotated[
        bool, Option("in a workflow: propose the update that was merged before")
    ] = False
    validate: Annotated[
        bool, switch("run `ci validate` and the gate on the result (true)")
    ] = True
    dry_run: DryRun = False

    @property
    def keeps_reports(self) -> bool:
        """Whether to keep the reports of the merge: the proposal is made from them."""
        return self.dry_run or self.pull_request


def run(options: UpdateOptions, surroundings: Surroundings) -> int:
    """Merge or propose, and report."""
    root = surroundings.repository
    answers = answers_file(root)
    if options.dry_run:
        step = "propose the merged update" if options.pull_request else "merge"
        print_list("update", "steps", [f"{step}: {answers}"], as_json=options.json)
        return 0
    reports = surroundings.reports(options.report_dir, "update")
    project = read_project(root)
    prepare_directory(reports, project.output)
    console = Console(surroundings.variables, as_json=options.json)
    with console.progress(), activity("update"):
        if options.pull_request:
            check = _propose(surroundings, reports)
        else:
            check = _merge(options, surroundings, reports, answers)
    console.check(check)
    result = make_result("update", [check], surroundings.seconds)
    write_reports(result, reports)
    publish(result, reports, surroundings.variables)
    console.conclude(result, relative_directory(reports, surroundings))
    return result.verdict.exit_code


def _merge(
    options: UpdateOptions, surroundings: Surroundings, reports: Path, answers: str
) -> CheckResult:
    project, cancel = read_project(surroundings.repository), threading.Event()
    for name in (_FACTS, _BUNDLE):
        (reports / name).unlink(missing_ok=True)
    before = on_signals(lambda _number, _frame: cancel.set())
    try:
        with tempfile.TemporaryDirectory(
            prefix="ci-framework-update-", ignore_cleanup_errors=True
        ) as directory:
            clone = Path(directory) / project.root.name
            update = FrameworkUpdate(project, answers, clone, cancel)
            made = update.make(validate=options.validate)
            if made.commit:
                update.bundle(reports / _BUNDLE)
    finally:
        restore(before)
    write_text(reports / _FACTS, msgspec.json.encode(made).decode() + "\n")
    available = str(bool(made.commit)).lower()
    outputs = {"available": available, "conflicts": str(len(made.conflicts))}
    write_outputs(outputs, surroundings.variables)
    return _check_of(made)


def _check_of(made: MadeUpdate) -> CheckResult:
    """Describe the update as a check that never fails: people decide on merging."""
    check = CheckResult(id="update", rerun="ci-framework/ci update", tool="copier")
    if not made.commit:
        check.reason = f"{made.current} is the latest version"
        return check
    check.reason = f"{made.latest} is available: run `copier update`"
    check.findings = [
        Finding(
            tool="copier",
            rule="conflict",
            message="the update and the project change the same lines",
            path=name,
            line=line,
            severity="warning",
        )
        for name in made.conflicts
        for line in made.conflict_lines.get(name) or [0]
    ]
    verdicts = [f"{name}: {text}" for name, text in made.verdicts.items()]
    check.notes = [*verdicts, *made.notes]
    return check


def _propose(surroundings: Surroundings, reports: Path) -> CheckResult:
    facts = reports / _FACTS
    if not facts.is_file():
        raise UsageError(
            f"--pull-request: there is no {_FACTS} in {reports.name}",
            hint="run `ci-framework/ci update` first",
        )
    try:
        made = msgspec.json.decode(facts.read_bytes(), type=MadeUpdate)
    except msgspec.DecodeError as error:
        problem = f"{_FACTS}: {error}"
        raise UsageError(problem, hint="run `ci-framework/ci update`") from error
    check = CheckResult(id="update", tool="git", status=Status.PASSED)
    if made.commit:
        proposal = proposal_of(surroundings.repository, surroundings.variables)
        check.reason = proposal.publish(made, reports / _BUNDLE)
    else:
        check.reason = f"{made.current} is the latest version"
    return check


COMMAND = Command(UpdateOptions, run, _ABOUT)
