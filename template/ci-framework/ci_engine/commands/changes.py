"""``ci changes``: tell what a change touches, and so what has to run."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import msgspec

from ci_engine.changes import Decision, Kinds, Reason, decide, everything
from ci_engine.config import Configuration, load_configuration
from ci_engine.errors import ToolError, UsageError
from ci_engine.event import Event, read_event
from ci_engine.git import changed_files, find_start
from ci_engine.github import add_summary, write_outputs
from ci_engine.jobs import Jobs, plan_jobs
from ci_engine.output import prepare_directory, write_text
from ci_engine.package_jobs import find_affected, with_packages
from ci_engine.project import Project, read_project, repository_root
from ci_engine.report.changes_page import to_changes_page

__all__ = ["ChangesRequest", "run_changes"]

_FLAGS = (
    "docs-only",
    "source-changed",
    "performance-sensitive",
    "security-relevant",
    "docs-changed",
)


@dataclass(frozen=True)
class ChangesRequest:
    """What the command line asked for.

    Attributes:
        since: the commit the change started from, empty = found out.
        explain: a path to tell the kind of, without looking at any change.
        matrix: whether a change is tested on the whole matrix.
        dependents: whether the packages that need those which the change touches are
            told as well; ``auto`` does so without planning jobs for a repository
            that has no packages.
        as_json: whether to print JSON instead of Markdown.
        report_dir: where to write; empty = the usual place.
    """

    since: str
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
    project = read_project(repository_root())
    configuration = load_configuration(project.root, os.environ)
    kinds = Kinds(configuration.patterns, configuration.settings)
    if request.explain:
        _explain(kinds.of(_in_repository(project, request.explain)), request)
        return 0
    try:
        event = read_event(os.environ)
        decision = _decide(project, kinds, event, request.since)
    except ToolError as error:
        because = f"detection failed: {str(error).splitlines()[0]}"
        decision = everything(because)
        jobs = replace(plan_jobs(decision, configuration, Event()), skips={})
        _tell(project, configuration, decision, jobs, request)
        raise
    spot_check = request.matrix == "spot-check"
    jobs = plan_jobs(decision, configuration, event, spot_check=spot_check)
    packages = find_affected(project, kinds, decision, request.dependents)
    decision = msgspec.structs.replace(decision, packages=packages.names)
    jobs = with_packages(jobs, packages, configuration)
    _tell(project, configuration, decision, jobs, request)
    return 0


def _decide(project: Project, kinds: Kinds, event: Event, since: str) -> Decision:
    head = os.environ.get("GITHUB_SHA", "HEAD") if event.name else "HEAD"
    because = "" if since else event.everything_because()
    if because:
        return everything(because, head=head)
    # What a branch got by earlier pushes may never have been green.
    whole_branch = f"origin/{event.default_branch}" if event.name == "push" else ""
    start = find_start(project.root, since or whole_branch, os.environ)
    if start.commit is None:
        if start.reason.startswith("--since"):
            raise UsageError(start.reason)
        return everything(f"the start is not known: {start.reason}", head=head)
    changes = changed_files(project.root, start, work_tree=not event.name)
    if any(change.submodule for change in changes):
        names = ", ".join(change.path for change in changes if change.submodule)
        return everything(f"a submodule moved: {names}", start.commit, head)
    return decide(kinds, [change.path for change in changes], start.commit, head)


def _in_repository(project: Project, path: str) -> str:
    """Name a path as git does, whether it is given from here or from the top."""
    return (
        path if (project.root / path).exists() else project.relative(Path.cwd() / path)
    )


def _explain(reason: Reason, request: ChangesRequest) -> None:
    if request.as_json:
        sys.stdout.write(msgspec.json.encode(reason).decode() + "\n")
    else:
        sys.stdout.write(f"{reason.path}: {reason.category} ({reason.because})\n")


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
    facts = {
        "base": decision.base,
        "manager": project.manager,
        "tier": configuration.settings.quality.tier,
    }
    return flags | facts | jobs.outputs()
