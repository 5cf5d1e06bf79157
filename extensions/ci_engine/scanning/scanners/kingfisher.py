"""Secrets in the files, with kingfisher.

It never asks a service whether a secret is valid, and reports never hold the secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from ci_engine.checks.context import Tool, not_run_because
from ci_engine.configuration.security_profiles import EngineName
from ci_engine.environments.user_cache import cache_directory
from ci_engine.errors import ToolError
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.processes.programs import Outcome
from ci_engine.scanning.engine import Scan, conclude, ended_badly
from ci_engine.scanning.files import copied

__all__ = [
    "LEAK_SCORE",
    "REVOKE",
    "examine",
    "find_kingfisher",
    "finding_of",
    "run_kingfisher",
]

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


class Found(msgspec.Struct):
    """One match."""

    rule: _Rule
    finding: _Match


class _Ended(msgspec.Struct):
    status: str


class _Repository(msgspec.Struct):
    scan: _Ended


class _Audit(msgspec.Struct):
    repositories: list[_Repository]


class Report(msgspec.Struct):
    """What kingfisher writes."""

    findings: list[Found]
    audit: _Audit


def examine(scan: Scan) -> CheckResult:
    """Search every file as it is now."""
    files = scan.files
    unread = dict.fromkeys(files.large, "too large") | files.unread
    given = len(files.everything) + len(unread)
    if not given:
        return CheckResult(
            id="kingfisher",
            status=Status.SKIPPED,
            reason="there are no files",
            notes=files.notes(),
        )
    try:
        tool = find_kingfisher(scan)
        with copied(scan.context.project, files.everything) as tree:
            words = [".", "--git-history", "none"]
            report, outcome = run_kingfisher(scan, "kingfisher", tool, words, tree)
    except (ToolError, OSError) as error:
        return not_run_because("kingfisher", error)
    if report is None:
        return ended_badly("kingfisher", tool, outcome)
    findings = [finding_of(scan, found, "kingfisher") for found in report.findings]
    result = conclude("kingfisher", tool, findings, given, unread, "files searched")
    result.notes += files.notes()
    return result


def find_kingfisher(scan: Scan) -> Tool:
    """The locked kingfisher; its compiled rules are kept in the user's cache.

    In the repository somebody could leave rules that find nothing.

    Raises:
        ToolError: if it cannot be installed.
    """
    tool = scan.locked("kingfisher-bin", "kingfisher")
    if _CACHE in tool.variables:
        return tool
    cache = cache_directory(scan.context.project.repository) / "kingfisher"
    return replace(tool, variables={**tool.variables, _CACHE: str(cache)})


def run_kingfisher(
    scan: Scan,
    engine: EngineName,
    tool: Tool,
    arguments: Sequence[str],
    directory: Path,
) -> tuple[Report | None, Outcome]:
    """Run kingfisher; no report if it did not do its work."""
    file = scan.context.reports / f"{engine}.json"
    file.unlink(missing_ok=True)
    size = str(-(-scan.profiles.largest_file // 1_000_000))
    command = [*_OPTIONS, "--max-file-size", size, "--output", str(file), *arguments]
    outcome = scan.run(engine, tool, command, directory)
    try:
        report = msgspec.json.decode(file.read_bytes(), type=Report)
    except (OSError, msgspec.DecodeError):
        return None, outcome
    finally:
        file.unlink(missing_ok=True)
    ended = [repository.scan.status for repository in report.audit.repositories]
    whole = bool(ended) and set(ended) == {"completed"}
    fits = outcome.code in _FINDING_CODES if report.findings else outcome.code == 0
    return (report if whole and fits and not outcome.timed_out else None), outcome


def finding_of(scan: Scan, found: Found, tool: str) -> Finding:
    """One finding; what was found stays out of it."""
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
