"""Secrets in the history, with kingfisher: also what a later commit removed."""

from __future__ import annotations

from ci_engine.changes.diff_base import DiffBase
from ci_engine.checks.outcomes import not_run, skipped
from ci_engine.findings.results import CheckResult
from ci_engine.processes.child_environment import child_variables
from ci_engine.project.git import Git
from ci_engine.scanning.scanner import Scan, conclude
from ci_engine.scanning.scanners.kingfisher import (
    find_kingfisher,
    finding_of,
    run_kingfisher,
)

_SECONDS = 300.0
_LIST = ("rev-list", "--objects", "--no-object-names", "--missing=print")
_READ = ("cat-file", "--batch-all-objects", "--unordered", "--batch-check")


def run(scan: Scan) -> CheckResult:
    """Search what commits added for secrets, with kingfisher.

    At a level that searches only the commits of a change, an unknown diff base stands
    for the whole history.
    """
    project = scan.project
    if not project.has_git:
        return skipped("there is no git repository")
    if scan.history == "none":
        return skipped("not requested")
    base = DiffBase(None, "requested")
    if scan.history == "change":
        base = scan.diff_base()
    problem, repository = _git_directory(scan, whole=base.commit is None)
    if problem:
        return not_run(problem)
    options = [repository]
    what = "the whole history"
    if base.commit is not None:
        if not _commits(scan, base.commit):
            return skipped(f"no commits since the diff base ({base.reason})")
        options += ["--since-commit", base.commit, "--branch", "HEAD"]
        what = f"the commits since {base.commit[:12]} ({base.reason})"
    lost = _lost(scan, base)
    if lost:
        return not_run(lost)
    tool = find_kingfisher(scan)
    report = run_kingfisher(scan, tool, options, project.root)
    matches = [match for match in report.findings if match.finding.git_metadata]
    findings = [finding_of(scan, match) for match in matches]
    result = conclude(scan, tool, findings, 1)
    result.notes = [f"history: {what} was searched"]
    return result


def _git(scan: Scan) -> Git:
    # What a partial clone left out is not fetched without a request.
    variables = child_variables({"GIT_NO_LAZY_FETCH": "1"})
    root = scan.project.root
    return Git(root, variables, timeout=_SECONDS, cancel=scan.cancel)


def _git_directory(scan: Scan, *, whole: bool) -> tuple[str, str]:
    """Why the history cannot be searched, if so; and where git keeps it."""
    options = ("--is-shallow-repository", "--path-format=absolute")
    outcome = _git(scan).run("rev-parse", *options, "--git-common-dir")
    rows = outcome.stdout.splitlines()
    if outcome.code != 0 or not rows:
        return f"git failed: {outcome.tail(2) or outcome.describe_exit()}", ""
    if whole and rows[0] == "true":
        return "the history is cut off here: check out with fetch-depth 0", ""
    return "", rows[-1]


def _commits(scan: Scan, base: str) -> int:
    """How many commits a change has."""
    outcome = _git(scan).run("rev-list", "--count", f"{base}..HEAD")
    text = outcome.stdout.strip()
    # What git cannot count is searched.
    return int(text) if outcome.code == 0 and text.isdigit() else 1


def _lost(scan: Scan, base: DiffBase) -> str:
    """Why some of the history cannot be read: kingfisher passes that over."""
    what = ["--all"] if base.commit is None else [f"{base.commit}..HEAD"]
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
