"""Secrets in the files and in the history, with kingfisher.

It never asks a service whether a secret is valid, and reports never hold the secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from ci_engine.checks.context import Tool, not_run_because
from ci_engine.errors import ToolError
from ci_engine.git import Start
from ci_engine.output import prepare_directory
from ci_engine.profiles import EngineName
from ci_engine.results import CheckResult, Finding, Status
from ci_engine.run import Outcome, run_program
from ci_engine.scan.engine import Scan, conclude, ended_badly
from ci_engine.scan.files import copy_of, discard_copy

__all__ = ["LEAK_SCORE", "REVOKE", "examine", "examine_history"]

LEAK_SCORE = 8.5
REVOKE = (
    "revoke it where it was issued, then take it out of the files; "
    "what was pushed once has to be counted as known"
)
# 200: something was found; 205: something was found that is valid.
_FINDING_CODES = (200, 205)
_CACHE = "KF_RULE_CACHE_DIR"
_OPTIONS = (
    "scan",
    "--no-validate",
    "--no-update-check",
    "--redact",
    "--no-dedup",
    "--format",
    "json",
)


class _Rule(msgspec.Struct):
    id: str
    description: str = ""
    name: str = ""


class _Commit(msgspec.Struct):
    id: str = ""


class _Git(msgspec.Struct):
    commit: _Commit = msgspec.field(default_factory=_Commit)


class _Match(msgspec.Struct):
    path: str
    line: int = 0
    column_start: int = 0
    confidence: str = ""
    git_metadata: _Git | None = None


class _Found(msgspec.Struct):
    rule: _Rule
    finding: _Match


class _Ended(msgspec.Struct):
    status: str


class _Repository(msgspec.Struct):
    scan: _Ended


class _Audit(msgspec.Struct):
    repositories: list[_Repository]


class _Report(msgspec.Struct):
    findings: list[_Found]
    audit: _Audit


def examine(scan: Scan) -> CheckResult:
    """Search every file as it is now."""
    files = scan.files
    unread = dict.fromkeys(files.large, "too large") | files.unread
    given = len(files.everything) + len(unread)
    if not given:
        return CheckResult(
            id="kingfisher", status=Status.SKIPPED, reason="there are no files"
        )
    try:
        tool = _tool(scan)
        tree = copy_of(scan.context.project, files.everything, "kingfisher")
    except (ToolError, OSError) as error:
        return not_run_because("kingfisher", error)
    try:
        report, outcome = _run(
            scan, "kingfisher", tool, [".", "--git-history", "none"], tree
        )
    finally:
        discard_copy(scan.context.project, "kingfisher")
    if report is None:
        return ended_badly("kingfisher", tool, outcome)
    findings = [_finding(scan, found, "kingfisher") for found in report.findings]
    result = conclude("kingfisher", tool, findings, given, unread, "files searched")
    result.notes += files.notes()
    return result


def examine_history(scan: Scan) -> CheckResult:
    """Search what commits added, also if a later one took it away again.

    At a level that asks for the commits of a change only, a start that is not known
    stands for the whole history.
    """
    project = scan.context.project
    if not project.has_git or scan.history == "none":
        because = "there is no git repository" if not project.has_git else "not asked"
        return CheckResult(id="history", status=Status.SKIPPED, reason=because)
    start = scan.context.start() if scan.history == "change" else Start(None, "asked")
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
    try:
        tool = _tool(scan)
    except ToolError as error:
        return not_run_because("history", error)
    report, outcome = _run(scan, "history", tool, options, scan.root)
    if report is None:
        return ended_badly("history", tool, outcome)
    ours = [found for found in report.findings if found.finding.git_metadata]
    findings = [_finding(scan, found, "history") for found in ours]
    result = conclude("history", tool, findings, 1, {}, "histories searched")
    result.notes = [f"history: {what} was searched"]
    return result


def _git_directory(scan: Scan, *, whole: bool) -> tuple[str, str]:
    """Why the history cannot be searched, if so; and where git keeps it."""
    questions = ("--is-shallow-repository", "--path-format=absolute")
    words = ["git", "rev-parse", *questions, "--git-common-dir"]
    outcome = run_program(words, cwd=scan.root, timeout=60)
    rows = outcome.stdout.splitlines()
    if outcome.code != 0 or not rows:
        return f"git does not answer: {outcome.tail(2) or outcome.ending()}", ""
    if whole and rows[0] == "true":
        return "the history is cut off here: check out with fetch-depth 0", ""
    return "", rows[-1]


def _commits(scan: Scan, start: str) -> int:
    """How many commits a change has."""
    words = ["git", "rev-list", "--count", f"{start}..HEAD"]
    outcome = run_program(words, cwd=scan.root, timeout=60)
    text = outcome.stdout.strip()
    # What git cannot count is searched.
    return int(text) if outcome.code == 0 and text.isdigit() else 1


def _tool(scan: Scan) -> Tool:
    """The locked kingfisher; its compiled rules are kept with our other output.

    Raises:
        ToolError: if it cannot be installed.
    """
    tool = scan.locked("kingfisher-bin", "kingfisher")
    if _CACHE in tool.variables:
        return tool
    cache = scan.context.project.output / "kingfisher"
    prepare_directory(cache, scan.context.project.output)
    return replace(tool, variables={**tool.variables, _CACHE: str(cache)})


def _run(
    scan: Scan,
    engine: EngineName,
    tool: Tool,
    arguments: Sequence[str],
    directory: Path,
) -> tuple[_Report | None, Outcome]:
    """Run kingfisher; no report if it did not do its work."""
    file = scan.context.reports / f"{engine}.json"
    file.unlink(missing_ok=True)
    size = str(-(-scan.profiles.largest_file // 1_000_000))
    command = [*_OPTIONS, "--max-file-size", size, "--output", str(file), *arguments]
    outcome = scan.run(engine, tool, command, directory)
    try:
        report = msgspec.json.decode(file.read_bytes(), type=_Report)
    except (OSError, msgspec.DecodeError):
        return None, outcome
    finally:
        file.unlink(missing_ok=True)
    ended = [repository.scan.status for repository in report.audit.repositories]
    whole = bool(ended) and set(ended) == {"completed"}
    fits = outcome.code in _FINDING_CODES if report.findings else outcome.code == 0
    return (report if whole and fits and not outcome.timed_out else None), outcome


def _finding(scan: Scan, found: _Found, tool: str) -> Finding:
    match = found.finding
    commit = match.git_metadata.commit.id[:12] if match.git_metadata else ""
    where = f" (in commit {commit})" if commit else ""
    return Finding(
        tool="kingfisher",
        rule=found.rule.id.rpartition(".")[2] or found.rule.id,
        message=f"{found.rule.description or found.rule.name}{where}",
        path=_relative(scan, match.path),
        # A line of an old commit is not a line of the file as it is now.
        line=0 if tool == "history" else match.line,
        column=0 if tool == "history" else match.column_start,
        score=LEAK_SCORE,
        help_url="https://docs.github.com/code-security/secret-scanning",
        confidence=match.confidence if match.confidence in ("high", "medium") else "",
        fix=REVOKE,
    )


def _relative(scan: Scan, path: str) -> str:
    name = path.removeprefix("./")
    return scan.context.project.relative(name) if name.startswith("/") else name
