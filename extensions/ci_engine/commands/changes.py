"""``ci changes``: report what a change affects, and what has to run."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

from ci_engine.changes.decision import Decision, Tests, everything
from ci_engine.changes.detection import (
    DetectionRequest,
    read_change,
)
from ci_engine.changes.explanation import explain
from ci_engine.commands.command import EXIT_CODES, Command, Request
from ci_engine.commands.options import Option, Since, switch
from ci_engine.configuration.loading import Configuration, load_configuration
from ci_engine.configuration.surroundings import Surroundings
from ci_engine.errors import ToolError, UsageError
from ci_engine.escaping import json_text
from ci_engine.github.event import Event
from ci_engine.github.outputs import add_summary, write_outputs
from ci_engine.project.output_files import prepare_directory, write_text
from ci_engine.project.repository import Project, read_project
from ci_engine.reports.changes_page import to_changes_page, to_explanation
from ci_engine.reports.result_json import to_json
from ci_engine.workflow_jobs.job_decision import decide_jobs
from ci_engine.workflow_jobs.jobs import Jobs, plan_jobs
from ci_engine.workflow_jobs.suite_jobs import with_suite_jobs

_FLAGS = (
    "docs-only",
    "source-changed",
    "performance-sensitive",
    "security-relevant",
    "docs-changed",
)
_ABOUT = """\
Report what a change touches, which tests it can break, and what CI has to run.
"""
# GitHub passes outputs as environment variables, which are limited to 128 KiB each.
_LONGEST_OUTPUT = 60_000


class ChangesOptions(Request, frozen=True, kw_only=True, rename="kebab"):
    """The command line of ``ci changes``."""

    since: Since = ""
    head: Annotated[str, Option("the last commit of the change", "COMMIT")] = ""
    explain: Annotated[
        str,
        Option(
            "report what one file is, which tests it selects and what selects it",
            "FILE",
        ),
    ] = ""
    analyze_dependencies: Annotated[
        Literal["auto", "true", "false"],
        Option(
            "follow the imports from the change to tests and dependent packages; true "
            "plans jobs for packages in any case",
            "auto|true|false",
            bare="true",
        ),
    ] = "auto"
    optimize_tests: Annotated[
        bool, switch("skip tests that the change cannot break")
    ] = True
    matrix: Annotated[
        Literal["full", "spot-check"],
        Option("whether CI tests a change on all Pythons or on two", "full|spot-check"),
    ] = "full"

    def detection(self, variables: Mapping[str, str]) -> DetectionRequest:
        """What to detect."""
        return DetectionRequest(
            variables,
            since=self.since,
            head=self.head,
            analyze=self.analyze_dependencies != "false",
            optimize=self.optimize_tests,
        )


def run(options: ChangesOptions, surroundings: Surroundings) -> int:
    """Decide, write the outputs of a workflow, and print the decision.

    Raises:
        ToolError: if git or the event cannot be read; the outputs then select
            everything, so that a workflow that continues leaves nothing out.
    """
    project = read_project(surroundings.repository)
    variables = surroundings.variables
    if options.explain:
        configuration = load_configuration(project.root, variables)
        _explain(project, configuration, options, surroundings)
        return 0
    detection = options.detection(variables)
    configuration = load_configuration(project.root, variables)
    try:
        decision, jobs = decide_jobs(
            project,
            configuration,
            read_change(project, detection),
            detection,
            spot_check=options.matrix == "spot-check",
            dependents=options.analyze_dependencies,
        )
    except ToolError as error:
        because = f"detection failed: {str(error).splitlines()[0]}"
        decision = everything(because)
        jobs = msgspec.structs.replace(
            plan_jobs(decision, configuration, Event()), skips={}, security_skips={}
        )
        jobs = with_suite_jobs(jobs, project, decision, configuration)
        _report(project, configuration, decision, jobs, options, surroundings)
        raise
    _report(project, configuration, decision, jobs, options, surroundings)
    return 0


def _explain(
    project: Project,
    configuration: Configuration,
    options: ChangesOptions,
    surroundings: Surroundings,
) -> None:
    """Explain one file."""
    path = options.explain
    if not (project.root / path).exists():
        path = project.relative(surroundings.directory / path)
    if path not in project.names and not (project.root / path).exists():
        raise UsageError(
            f"--explain: {options.explain}: no such file",
            hint="name a file of this repository",
        )
    explanation = explain(project, configuration, path, surroundings.variables)
    if options.json:
        sys.stdout.write(json_text(msgspec.json.encode(explanation).decode()) + "\n")
    else:
        sys.stdout.write(to_explanation(explanation))


def _report(
    project: Project,
    configuration: Configuration,
    decision: Decision,
    jobs: Jobs,
    options: ChangesOptions,
    surroundings: Surroundings,
) -> None:
    """Write the reports and the outputs, and print."""
    text = to_json(decision)
    page = to_changes_page(decision, jobs)
    directory = surroundings.reports(options.report_dir, "changes")
    prepare_directory(directory, project.output)
    write_text(directory / "changes.json", text)
    write_text(directory / "summary.md", page)
    add_summary(page, surroundings.variables)
    outputs = _outputs(project, configuration, decision, jobs)
    write_outputs(outputs, surroundings.variables)
    sys.stdout.write(text if options.json else page)


def _outputs(
    project: Project, configuration: Configuration, decision: Decision, jobs: Jobs
) -> dict[str, str]:
    fields: dict[str, object] = msgspec.to_builtins(decision)
    flags = {name: str(fields[name]).lower() for name in _FLAGS}
    settings = configuration.settings
    facts = {
        "base": decision.base,
        "manager": project.manager,
        "tier": configuration.settings.quality.tier,
        "packages": msgspec.json.encode(decision.packages).decode(),
        "tests-mode": decision.tests.mode,
        "tests": _lines(decision.tests),
        "scan-containers": str(settings.security.scan_containers).lower(),
    }
    return flags | facts | jobs.outputs()


def _lines(tests: Tests) -> str:
    """The selected tests, one per line; empty if all tests run.

    Names with line breaks, and lists that exceed the limit of an output, are only in
    ``changes.json``.
    """
    paths = tests.paths if tests.mode == "some" else []
    text = "\n".join(paths)
    plain = all(path.isprintable() for path in paths)
    return text if plain and len(text.encode()) <= _LONGEST_OUTPUT else ""


COMMAND = Command(
    ChangesOptions,
    run,
    _ABOUT,
    {0: "decided", 2: EXIT_CODES[2], 3: "git or the event cannot be read"},
)
