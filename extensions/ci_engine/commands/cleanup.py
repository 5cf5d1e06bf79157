"""``ci cleanup``: tracked files that do not belong into the repository."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ci_engine import __version__
from ci_engine.changes.diff import changed_files
from ci_engine.changes.diff_base import find_diff_base
from ci_engine.cleanup.cleanup_patterns import patterns_of_text, read_patterns
from ci_engine.cleanup.removal_publishing import (
    describe,
    destination_of,
    open_pull_request,
    push,
)
from ci_engine.cleanup.stray_files import Found, find_files, refuse_many, remove
from ci_engine.configuration.loading import load_configuration
from ci_engine.errors import ToolError, UsageError
from ci_engine.findings.fingerprints import fingerprint_findings
from ci_engine.findings.results import (
    CheckResult,
    Finding,
    RunResult,
    Status,
    verdict_of,
)
from ci_engine.github.comments import post_comment, pull_request_of
from ci_engine.github.outputs import warn, write_outputs
from ci_engine.project.output_files import prepare_directory
from ci_engine.project.repository import read_project
from ci_engine.reports.console import conclude, make_console, print_check
from ci_engine.reports.publishing import publish, write_reports

__all__ = ["CleanupRequest", "run_cleanup"]

_MARKER = "<!-- ci-framework cleanup -->"


@dataclass(frozen=True)
class CleanupRequest:
    """What the command line asked for.

    Attributes:
        root: the top of the repository.
        action: tell only, remove here, send the removal to GitHub, or what the
            settings say.
        patterns: further patterns, one on each line or separated by commas.
        since: only what was added since this commit is red; empty = everything.
        comment: whether to comment on the pull request.
        as_json: whether to print the result as JSON.
        report_dir: where to write; empty = the usual place.
        dry_run: whether to say what would be removed, and leave it.
    """

    root: Path
    action: Literal["check", "apply", "pull-request", "push", "configured"]
    patterns: str
    since: str
    comment: bool
    as_json: bool
    report_dir: str
    dry_run: bool


def run_cleanup(request: CleanupRequest) -> int:
    """Find the files, do what was asked for, and report.

    Raises:
        UsageError: for a pattern or an action that is not allowed.
        ToolError: if git or GitHub refuse.
    """
    started = time.monotonic()
    root = request.root
    project = read_project(root)
    settings = load_configuration(root, os.environ).settings
    mode = settings.security.cleanup
    if request.action == "configured":
        request = replace(request, action="check" if mode == "none" else mode)
    if request.action == "push" and mode != "push":
        raise UsageError(
            f"--push: found cleanup = {mode!r}; allowed: cleanup = 'push'",
            hint="answer cleanup=push, or use --pull-request",
        )
    reports = Path.cwd() / (request.report_dir or project.output / "cleanup")
    prepare_directory(reports, project.output)
    patterns = read_patterns()
    found = find_files(
        root, settings.cleanup, patterns, patterns_of_text(request.patterns)
    )
    removes = request.action != "check" and not request.dry_run
    told = _act(root, request, found, patterns.most_files) if removes else ""
    added = _added(root, request.since)
    result = _check(found, added, removed=removes)
    result.findings = fingerprint_findings(root, result.findings)
    result.notes += [told] if told else []
    run = RunResult(
        command="cleanup",
        verdict=verdict_of([result]),
        python="",
        checks=[result],
        framework=__version__,
        seconds=time.monotonic() - started,
    )
    write_reports(run, reports)
    publish(run, reports)
    write_outputs(
        {
            "files_removed": str(len(found) if removes else 0),
            "cleanup_needed": str(bool(found) and not removes).lower(),
        }
    )
    if request.comment and found and os.environ.get("GITHUB_TOKEN"):
        _comment(found)
    console = make_console()
    print_check(console, result)
    conclude(console, run, project.relative(reports), as_json=request.as_json)
    return run.verdict.exit_code


def _act(root: Path, request: CleanupRequest, found: list[Found], most: int) -> str:
    """Remove the files where they are to be removed; say what was done."""
    if not found:
        return ""
    refuse_many(found, most)
    if request.action == "apply":
        remove(root, found, most)
        return "removed here: look at `git status`, and commit"
    destination = destination_of(os.environ)
    if request.action == "push":
        push(root, destination, found)
        return f"pushed to {destination.branch}"
    return f"one pull request was {open_pull_request(root, destination, found)}"


def _added(root: Path, since: str) -> frozenset[str] | None:
    """What a change added; None where everything counts.

    Raises:
        ToolError: if git cannot tell.
    """
    if not since:
        return None
    start = find_diff_base(root, since, {})
    if start.commit is None:
        return None
    changes = changed_files(root, start, work_tree=False)
    return frozenset(change.path for change in changes if change.status == "A")


def _check(
    found: list[Found], added: frozenset[str] | None, *, removed: bool
) -> CheckResult:
    findings = [
        Finding(
            tool="ci-framework",
            rule="dev-file",
            message=f"does not belong into the repository (fits {each.pattern}): "
            f"`git rm --cached -- FILE`, and add it to .gitignore",
            path=each.path,
            severity="error" if added is None or each.path in added else "warning",
        )
        for each in found
    ]
    red = not removed and any(each.severity == "error" for each in findings)
    return CheckResult(
        id="cleanup",
        status=Status.FAILED if red else Status.PASSED,
        findings=findings,
        new=sum(each.severity == "error" for each in findings) if red else 0,
        rerun="ci-framework/ci cleanup --check",
        tool="ci-framework",
    )


def _comment(found: list[Found]) -> None:
    """Comment on the pull request; that it cannot be done changes no verdict."""
    try:
        event = os.environ.get("GITHUB_EVENT_PATH", "")
        data = Path(event).read_bytes() if event else b""
        pull_request = pull_request_of(os.environ, data)
        if pull_request is not None:
            post_comment(pull_request, describe(found), _MARKER)
    except (OSError, ToolError) as error:
        warn(f"no comment was written: {error}")
