"""``ci cleanup``: find tracked files that do not belong in the repository."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from ci_engine.changes.base_settings import read_base_settings
from ci_engine.changes.diff import changed_files
from ci_engine.changes.diff_base import DiffBase, find_diff_base
from ci_engine.cleanup.cleanup_patterns import patterns_of_text, read_patterns
from ci_engine.cleanup.removal_publishing import (
    describe,
    open_pull_request,
    push,
)
from ci_engine.cleanup.stray_files import Found, find_files, refuse_many, remove
from ci_engine.commands.command import Command, Request
from ci_engine.commands.options import DryRun, Option, Since, switch
from ci_engine.commands.paths import relative_directory
from ci_engine.configuration.cleanup_settings import Cleanup
from ci_engine.configuration.loading import load_configuration
from ci_engine.configuration.surroundings import Surroundings
from ci_engine.errors import ToolError, UsageError
from ci_engine.findings.fingerprints import fingerprint_findings
from ci_engine.findings.results import CheckResult, Finding, Status, make_result
from ci_engine.github.comments import post_comment, pull_request_of
from ci_engine.github.destination import destination_of
from ci_engine.github.outputs import warn, write_outputs
from ci_engine.project.output_files import prepare_directory
from ci_engine.project.repository import read_project
from ci_engine.reports.console import Console
from ci_engine.reports.publishing import publish, write_reports

_ABOUT = """\
Find tracked files that do not belong in the repository, such as logs and editor files.
"""

_MARKER = "<!-- ci-framework cleanup -->"


class CleanupOptions(Request, frozen=True, kw_only=True, rename="kebab"):
    """The command line of ``ci cleanup``."""

    action: Annotated[
        Literal["check", "apply", "pull-request", "push", "configured"],
        Option(
            "the same as one of these options; configured: as the settings say",
            "ACTION",
            shortcuts={
                "check": "report tracked files that do not belong here (the default)",
                "apply": "remove them from the index and from the work tree",
                "pull-request": "in a workflow: open or update one pull request",
                "push": "in a workflow: push to the branch, where the answer allows it",
            },
        ),
    ] = "check"
    patterns: Annotated[str, Option("additional patterns of files", "LINES")] = ""
    # Only files added since this commit fail the run; empty = all files.
    since: Since = ""
    skip_comment: Annotated[bool, switch("write no comment on the pull request")] = (
        False
    )
    dry_run: DryRun = False


def run(options: CleanupOptions, surroundings: Surroundings) -> int:
    """Find the files, run the requested action, and report."""
    root, variables = surroundings.repository, surroundings.variables
    project = read_project(root)
    settings = load_configuration(root, variables).settings
    action = _action(options, settings.security.cleanup)
    reports = surroundings.reports(options.report_dir, "cleanup")
    prepare_directory(reports, project.output)
    patterns = read_patterns()
    base = find_diff_base(root, options.since, {}) if options.since else None
    commit = base.commit if base else None
    cleanup, notes = _judged_by_base(root, commit, settings.cleanup, variables)
    more = patterns_of_text(options.patterns)
    code = (*settings.source_paths, *settings.test_paths)
    found = find_files(root, cleanup, patterns, more, code)
    removes = action != "check" and not options.dry_run
    done = _act(surroundings, action, found, patterns.most_files) if removes else ""
    added = _added(root, base) if base and commit else None
    result = _check(found, added, removed=removes)
    result.findings = fingerprint_findings(root, result.findings)
    result.notes += [*([done] if done else []), *notes]
    everything = msgspec.structs.replace(cleanup, keep=[])
    kept = len(find_files(root, everything, patterns, more, code)) - len(found)
    result.notes += [f"{kept} matching files are kept by the settings"] if kept else []
    run_result = make_result("cleanup", [result], surroundings.seconds)
    write_reports(run_result, reports)
    publish(run_result, reports, variables)
    outputs = {
        "files-removed": str(len(found) if removes else 0),
        "cleanup-needed": str(bool(found) and not removes).lower(),
    }
    write_outputs(outputs, variables)
    if found and not options.skip_comment:
        _comment(found, surroundings)
    console = Console(variables, as_json=options.json)
    console.check(result)
    console.conclude(run_result, relative_directory(reports, surroundings))
    return run_result.verdict.exit_code


def _action(options: CleanupOptions, mode: str) -> str:
    """The action to run on the files."""
    if options.action == "configured":
        return "check" if mode == "none" else mode
    if options.action == "push" and mode != "push":
        raise UsageError(
            f"--push: expected the setting security.cleanup = 'push', got {mode!r}",
            hint="answer cleanup=push, or use --pull-request",
        )
    return options.action


def _act(surroundings: Surroundings, action: str, found: list[Found], most: int) -> str:
    """Remove the files if requested, and return a description of what was done."""
    root = surroundings.repository
    if not found:
        return ""
    refuse_many(found, most)
    if action == "apply":
        remove(root, found, most)
        return "removed: check `git status`, and commit"
    destination = destination_of(
        surroundings.variables,
        "cleanup",
        "run it with --apply on your machine, and commit the result",
    )
    if action == "push":
        push(root, destination, found)
        return f"pushed to {destination.branch}"
    return f"one pull request was {open_pull_request(root, destination, found)}"


def _judged_by_base(
    root: Path, commit: str | None, settings: Cleanup, variables: Mapping[str, str]
) -> tuple[Cleanup, list[str]]:
    """Judge by the base commit: new ``keep`` entries count only once merged."""
    if not commit:
        return settings, []
    base = read_base_settings(root, commit, variables)
    kept = base.cleanup.keep if base else []
    new = [pattern for pattern in settings.keep if pattern not in kept]
    notes = [f"keep {p!r} takes effect once it is in the target branch" for p in new]
    patterns = [*settings.patterns, *(base.cleanup.patterns if base else [])]
    return Cleanup(patterns=list(dict.fromkeys(patterns)), keep=kept), notes


def _added(root: Path, base: DiffBase) -> frozenset[str]:
    """The files that a change added."""
    changes = changed_files(root, base, work_tree=False)
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
    """Comment on the pull request; a failure to do so does not change the verdict."""
    variables = surroundings.variables
    if not variables.get("GITHUB_TOKEN"):
        return
    try:
        pull_request = pull_request_of(variables)
        if pull_request is not None:
            post_comment(pull_request, describe(found), _MARKER)
    except (OSError, ToolError) as error:
        warn(f"no comment was written: {error}", variables)


COMMAND = Command(CleanupOptions, run, _ABOUT)
