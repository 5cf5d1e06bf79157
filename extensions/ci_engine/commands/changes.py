"""``ci changes``: tell what a change touches, and so what has to run."""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Literal

import msgspec

from ci_engine.changes.categories import read_classifier
from ci_engine.changes.decision import Decision, Tests, everything
from ci_engine.changes.detection import (
    ChangeSource,
    DetectionRequest,
    detect,
    read_change,
)
from ci_engine.changes.explanation import explain
from ci_engine.configuration.loading import Configuration, load_configuration
from ci_engine.errors import ToolError
from ci_engine.github.event import Event
from ci_engine.github.outputs import add_summary, write_outputs
from ci_engine.processes.background_call import Background
from ci_engine.project.output_files import prepare_directory, write_text
from ci_engine.project.repository import Project, read_project
from ci_engine.reports.changes_page import to_changes_page
from ci_engine.reports.explanation_page import to_explanation
from ci_engine.workflow_jobs.jobs import Jobs, plan_jobs
from ci_engine.workflow_jobs.package_jobs import find_affected, with_packages

__all__ = ["ChangesRequest", "run_changes"]

_FLAGS = (
    "docs-only",
    "source-changed",
    "performance-sensitive",
    "security-relevant",
    "docs-changed",
)
# GitHub hands outputs on in the environment, where one value has at most 128 KiB.
_LONGEST_OUTPUT = 60_000


class ChangesRequest(msgspec.Struct, frozen=True):
    """What the command line asked for.

    Attributes:
        root: the top of the repository.
        detection: what is to be detected.
        explain: a path to explain, without looking at any change.
        matrix: whether a change is tested on the whole matrix.
        dependents: whether the packages that need those which the change touches are
            told as well; ``auto`` does so without planning jobs for a repository
            that has no packages.
        as_json: whether to print JSON instead of Markdown.
        report_dir: where to write; empty = the usual place.
    """

    root: Path
    detection: DetectionRequest
    explain: str
    matrix: Literal["full", "spot-check"]
    dependents: Literal["auto", "true", "false"]
    as_json: bool
    report_dir: str


def run_changes(request: ChangesRequest) -> int:
    """Decide, tell a workflow that runs us, and print the decision.

    Raises:
        ToolError: if git or the event cannot be read; by then everything has been
            selected, so that nobody who goes on leaves anything out.
    """
    project = read_project(request.root)
    # Git runs while the settings are read.
    reading = None if request.explain else Background(partial(_read, project, request))
    configuration = load_configuration(project.root, request.detection.variables)
    if reading is None:
        path = _in_repository(project, request.explain)
        explanation = explain(project, configuration, path, request.detection.variables)
        as_json = msgspec.json.encode(explanation).decode() + "\n"
        sys.stdout.write(as_json if request.as_json else to_explanation(explanation))
        return 0
    try:
        source = reading.result()
        decision = detect(project, configuration, source, request.detection)
    except ToolError as error:
        because = f"detection failed: {str(error).splitlines()[0]}"
        decision = everything(because)
        jobs = msgspec.structs.replace(
            plan_jobs(decision, configuration, Event()), skips={}, security_skips={}
        )
        _tell(project, configuration, decision, jobs, request)
        raise
    spot_check = request.matrix == "spot-check"
    jobs = plan_jobs(decision, configuration, source.event, spot_check=spot_check)
    variables = request.detection.variables
    classifier = read_classifier(project, configuration, variables)
    packages = find_affected(project, classifier, decision, request.dependents)
    decision = msgspec.structs.replace(decision, packages=packages.names)
    jobs = with_packages(jobs, packages, configuration)
    _tell(project, configuration, decision, jobs, request)
    return 0


def _read(project: Project, request: ChangesRequest) -> ChangeSource:
    source = read_change(project, request.detection)
    with suppress(ToolError):
        # Listed once, here; where that fails, whoever needs the files gets the error.
        _ = project.names
    return source


def _in_repository(project: Project, path: str) -> str:
    """Name a path as git does, whether it is given from here or from the top."""
    return (
        path if (project.root / path).exists() else project.relative(Path.cwd() / path)
    )


def _tell(
    project: Project,
    configuration: Configuration,
    decision: Decision,
    jobs: Jobs,
    request: ChangesRequest,
) -> None:
    """Write the reports and the outputs, and print."""
    text = msgspec.json.format(msgspec.json.encode(decision)).decode() + "\n"
    page = to_changes_page(decision, jobs)
    directory = Path.cwd() / (request.report_dir or project.output / "changes")
    prepare_directory(directory, project.output)
    write_text(directory / "changes.json", text)
    write_text(directory / "summary.md", page)
    add_summary(page)
    write_outputs(_outputs(project, configuration, decision, jobs))
    sys.stdout.write(text if request.as_json else page)


def _outputs(
    project: Project, configuration: Configuration, decision: Decision, jobs: Jobs
) -> dict[str, str]:
    told: dict[str, object] = msgspec.to_builtins(decision)
    flags = {name: str(told[name]).lower() for name in _FLAGS}
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
    """The selected tests, one on each line; nothing where all of them run.

    Names that lines cannot hold, or more of them than an output can, are in
    ``changes.json`` alone.
    """
    paths = tests.paths if tests.mode == "some" else []
    text = "\n".join(paths)
    plain = all(path.isprintable() for path in paths)
    return text if plain and len(text.encode()) <= _LONGEST_OUTPUT else ""
