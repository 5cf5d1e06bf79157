"""Secrets in the history, with kingfisher: also what a later commit took away."""

from __future__ import annotations

from ci_engine.changes.diff_base import DiffBase
from ci_engine.checks.context import not_run_because
from ci_engine.errors import ToolError
from ci_engine.findings.results import CheckResult, Status
from ci_engine.processes.child_environment import child_variables
from ci_engine.project.git import Git
from ci_engine.scanning.engine import Scan, conclude, ended_badly
from ci_engine.scanning.scanners.kingfisher import (
    find_kingfisher,
    finding_of,
    run_kingfisher,
)

__all__ = ["examine"]

_SECONDS = 300.0
_LIST = ("rev-list", "--objects", "--no-object-names", "--missing=print")
_READ = ("cat-file", "--batch-all-objects", "--unordered", "--batch-check")


def examine(scan: Scan) -> CheckResult:
    """Search what commits added.

    At a level that asks for the commits of a change only, a start that is not known
    stands for the whole history.
    """
    project = scan.context.project
    if not project.has_git or scan.history == "none":
        because = "there is no git repository" if not project.has_git else "not asked"
        return CheckResult(id="history", status=Status.SKIPPED, reason=because)
    start = (
        scan.context.start() if scan.history == "change" else DiffBase(None, "asked")
    )
    problem, repository = _git_directory(scan, whole=start.commit is None)
    if problem:
        return CheckResult(id="history", status=Status.NOT_RUN, reason=problem)
    options = [repository]
    what = "the whole history"
    if start.commit is not None:
        if not _commits(scan, start.commit):
            reason = f"no commits since the start of the change ({start.reason})"
            return CheckResult(id="history", status=Status.SKIPPED, reason=reason)
        options += ["--since-commit", start.commit, "--branch", "HEAD"]
        what = f"the commits since {start.commit[:12]} ({start.reason})"
    lost = _lost(scan, start)
    if lost:
        return CheckResult(id="history", status=Status.NOT_RUN, reason=lost)
    try:
        tool = find_kingfisher(scan)
    except ToolError as error:
        return not_run_because("history", error)
    report, outcome = run_kingfisher(scan, "history", tool, options, scan.root)
    if report is None:
        return ended_badly("history", tool, outcome)
    ours = [found for found in report.findings if found.finding.git_metadata]
    findings = [finding_of(scan, found, "history") for found in ours]
    result = conclude("history", tool, findings, 1, {}, "histories searched")
    result.notes = [f"history: {what} was searched"]
    return result


def _git(scan: Scan) -> Git:
    # What a partial clone left out is not fetched behind anybody's back.
    variables = child_variables({"GIT_NO_LAZY_FETCH": "1"})
    return Git(scan.root, variables, timeout=_SECONDS, cancel=scan.context.cancel)


def _git_directory(scan: Scan, *, whole: bool) -> tuple[str, str]:
    """Why the history cannot be searched, if so; and where git keeps it."""
    questions = ("--is-shallow-repository", "--path-format=absolute")
    outcome = _git(scan).run("rev-parse", *questions, "--git-common-dir")
    rows = outcome.stdout.splitlines()
    if outcome.code != 0 or not rows:
        return f"git does not answer: {outcome.tail(2) or outcome.describe_exit()}", ""
    if whole and rows[0] == "true":
        return "the history is cut off here: check out with fetch-depth 0", ""
    return "", rows[-1]


def _commits(scan: Scan, start: str) -> int:
    """How many commits a change has."""
    outcome = _git(scan).run("rev-list", "--count", f"{start}..HEAD")
    text = outcome.stdout.strip()
    # What git cannot count is searched.
    return int(text) if outcome.code == 0 and text.isdigit() else 1


def _lost(scan: Scan, start: DiffBase) -> str:
    """Why some of the history cannot be read: kingfisher passes that over."""
    what = ["--all"] if start.commit is None else [f"{start.commit}..HEAD"]
    listed = _git(scan).run(*_LIST, *what)
    if listed.code != 0:
        why = listed.tail(1) or listed.describe_exit()
        return f"git cannot list what is in the history: {why}"
    missing = sum(row.startswith("?") for row in listed.stdout.splitlines())
    if missing:
        return (
            f"{missing} objects of the history are not here, as in a partial clone: "
            "check out without a filter"
        )
    read = _git(scan).run(*_READ)
    broken = sum(row.endswith(" missing") for row in read.stdout.splitlines())
    if read.code != 0 or broken:
        return f"{broken or 'some'} objects of the history cannot be read: `git fsck`"
    return ""
