"""``ci cleanup``: tracked files that do not belong in the repository."""

from __future__ import annotations

import argparse
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
from ci_engine.commands.command import Command, Request
from ci_engine.commands.options import add_dry_run, add_since, add_switch
from ci_engine.commands.paths import relative_directory
from ci_engine.configuration.loading import load_configuration
from ci_engine.configuration.surroundings import Surroundings
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
from ci_engine.reports.console import make_console
from ci_engine.reports.publishing import publish, write_reports

__all__ = ["COMMAND"]

_ABOUT = """\
Find tracked files that do not belong in the repository, such as logs and editor files.
"""

_MARKER = "<!-- ci-framework cleanup -->"


class CleanupOptions(Request, frozen=True, kw_only=True, rename="kebab"):
    """What the command line of ``ci cleanup`` holds.

    Attributes:
        action: report only, remove here, send the removal to GitHub, or what the
            settings say.
        patterns: further patterns, one on each line or separated by commas.
        since: only what was added since this commit is red; empty = everything.
        skip_comment: whether no comment is written on the pull request.
    """

    action: Literal["check", "apply", "pull-request", "push", "configured"] = "check"
    patterns: str = ""
    since: str = ""
    skip_comment: bool = False


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``ci cleanup``."""
    actions = parser.add_mutually_exclusive_group()
    for name, text in (
        ("check", "report what is tracked and does not belong here (the default)"),
        ("apply", "remove it from the index and from the work tree"),
        ("pull-request", "in a workflow: open or refresh one pull request"),
        ("push", "in a workflow: push to the branch, where the answer allows it"),
    ):
        actions.add_argument(
            f"--{name}", dest="action", action="store_const", const=name, help=text
        )
    # With a value, for workflows: their inputs are text.
    actions.add_argument(
        "--action",
        metavar="ACTION",
        help="the same as one of these options, or `configured`: as the settings say",
    )
    parser.add_argument("--patterns", metavar="LINES", help="further patterns of files")
    add_since(parser)
    add_switch(parser, "skip-comment", "write no comment on the pull request")
    add_dry_run(parser)


def run(options: CleanupOptions, surroundings: Surroundings) -> int:
    """Find the files, do what is requested, and report.

    Raises:
        UsageError: for a pattern or an action that is not allowed.
        ToolError: if git or GitHub refuse.
    """
    root, variables = surroundings.repository, surroundings.variables
    project = read_project(root)
    settings = load_configuration(root, variables).settings
    action = _action(options, settings.security.cleanup)
    reports = surroundings.reports(options.report_dir, "cleanup")
    prepare_directory(reports, project.output)
    patterns = read_patterns()
    found = find_files(
        root, settings.cleanup, patterns, patterns_of_text(options.patterns)
    )
    removes = action != "check" and not options.dry_run
    done = _act(surroundings, action, found, patterns.most_files) if removes else ""
    added = _added(root, options.since)
    result = _check(found, added, removed=removes)
    result.findings = fingerprint_findings(root, result.findings)
    result.notes += [done] if done else []
    run_result = RunResult(
        command="cleanup",
        verdict=verdict_of([result]),
        python="",
        checks=[result],
        framework=__version__,
        seconds=surroundings.seconds,
    )
    write_reports(run_result, reports)
    publish(run_result, reports, variables)
    outputs = {
        "files_removed": str(len(found) if removes else 0),
        "cleanup_needed": str(bool(found) and not removes).lower(),
    }
    write_outputs(outputs, variables)
    if found and not options.skip_comment:
        _comment(found, surroundings)
    console = make_console(variables, as_json=options.json)
    console.check(result)
    console.conclude(run_result, relative_directory(reports, surroundings))
    return run_result.verdict.exit_code


def _action(options: CleanupOptions, mode: str) -> str:
    """What is done about the files.

    Raises:
        UsageError: if the settings do not allow a push.
    """
    if options.action == "configured":
        return "check" if mode == "none" else mode
    if options.action == "push" and mode != "push":
        raise UsageError(
            f"--push: expected the setting security.cleanup = 'push', got {mode!r}",
            hint="answer cleanup=push, or use --pull-request",
        )
    return options.action


def _act(surroundings: Surroundings, action: str, found: list[Found], most: int) -> str:
    """Remove the files where that was requested; say what was done."""
    root = surroundings.repository
    if not found:
        return ""
    refuse_many(found, most)
    if action == "apply":
        remove(root, found, most)
        return "removed here: look at `git status`, and commit"
    destination = destination_of(surroundings.variables)
    if action == "push":
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
            message=f"does not belong in the repository (matches {each.pattern}): "
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


def _comment(found: list[Found], surroundings: Surroundings) -> None:
    """Comment on the pull request; if that fails, the verdict stays as it is."""
    variables = surroundings.variables
    if not variables.get("GITHUB_TOKEN"):
        return
    try:
        pull_request = pull_request_of(variables)
        if pull_request is not None:
            post_comment(pull_request, describe(found), _MARKER)
    except (OSError, ToolError) as error:
        warn(f"no comment was written: {error}", variables)


COMMAND = Command(CleanupOptions, add_options, run, _ABOUT)
