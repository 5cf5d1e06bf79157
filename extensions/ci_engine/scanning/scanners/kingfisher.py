"""Secrets in the files, with kingfisher.

No service learns of a secret to validate it, and reports never contain the secret.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from ci_engine.checks.outcomes import skipped
from ci_engine.checks.workspace import Tool
from ci_engine.environments.user_cache import cache_directory
from ci_engine.findings.results import CheckResult, Finding
from ci_engine.scanning.files import copied
from ci_engine.scanning.scanner import (
    Scan,
    conclude_secrets,
    decoded,
    secret_found,
    unusable_output,
)

_PAGE = "https://docs.github.com/code-security/secret-scanning"
# 200: something was found; 205: something was found that is valid.
_FINDING_CODES = (200, 205)
_CACHE = "KF_RULE_CACHE_DIR"
_OPTIONS = (
    *("scan", "--no-validate", "--no-update-check", "--redact", "--no-dedup"),
    *("--format", "json"),
)


class _Rule(msgspec.Struct):
    id: str
    description: str = ""
    name: str = ""


class _Commit(msgspec.Struct):
    id: str = ""


class _Git(msgspec.Struct):
    commit: _Commit = msgspec.field(default_factory=_Commit)


class _Found(msgspec.Struct):
    path: str
    line: int = 0
    column_start: int = 0
    confidence: str = ""
    git_metadata: _Git | None = None


class Match(msgspec.Struct):
    """One match."""

    rule: _Rule
    finding: _Found


class _Ended(msgspec.Struct):
    status: str


class _Repository(msgspec.Struct):
    scan: _Ended


class _Audit(msgspec.Struct):
    repositories: list[_Repository]


class Report(msgspec.Struct):
    """What kingfisher writes."""

    findings: list[Match]
    audit: _Audit


def run(scan: Scan) -> CheckResult:
    """Search every file as it is now for secrets, with kingfisher."""
    if not scan.files.everything and not scan.files.unread_files():
        return skipped("there are no files", scan.files.notes())
    tool = find_kingfisher(scan)
    with copied(scan.project, scan.files.everything) as tree:
        report = run_kingfisher(scan, tool, [".", "--git-history", "none"], tree)
    findings = [finding_of(scan, match) for match in report.findings]
    result = conclude_secrets(scan, tool, findings)
    result.notes += scan.files.notes()
    return result


def find_kingfisher(scan: Scan) -> Tool:
    """The locked kingfisher; its compiled rules are kept in the user's cache.

    A cache in the repository could contain rules that find nothing.
    """
    tool = scan.locked_tool("kingfisher-bin", "kingfisher")
    cache = cache_directory(scan.project.repository) / "kingfisher"
    variables = {_CACHE: str(cache), **(tool.variables or {})}
    return dataclasses.replace(tool, variables=variables)


def run_kingfisher(
    scan: Scan, tool: Tool, arguments: Sequence[str], directory: Path
) -> Report:
    """Run kingfisher.

    Raises:
        EarlyResultError: if it did not do its work.
    """
    file = scan.reports / f"{scan.scanner}.json"
    file.unlink(missing_ok=True)
    size = str(-(-scan.profiles.largest_file // 1_000_000))
    command = [*_OPTIONS, "--max-file-size", size, "--output", str(file), *arguments]
    outcome = scan.run(tool, command, directory)
    report = decoded(tool, outcome, Report, file)
    ended = [repository.scan.status for repository in report.audit.repositories]
    whole = bool(ended) and set(ended) == {"completed"}
    fits = outcome.code in _FINDING_CODES if report.findings else outcome.code == 0
    if outcome.timed_out or not whole or not fits:
        raise unusable_output(tool, outcome)
    return report


def finding_of(scan: Scan, match: Match) -> Finding:
    """One finding, without the secret."""
    found, rule = match.finding, match.rule
    name = found.path.removeprefix("./")
    path = scan.project.relative(name) if name.startswith("/") else name
    finding = secret_found(
        "kingfisher",
        rule.id.rpartition(".")[2] or rule.id,
        rule.description or rule.name,
        path,
        found.line,
        found.column_start,
    )
    confidence = found.confidence if found.confidence in ("high", "medium") else ""
    finding = replace(finding, confidence=confidence, help_url=_PAGE)
    if found.git_metadata is None:
        return finding
    # A line of an old commit is not a line of the file as it is now.
    message = f"{finding.message} (in commit {found.git_metadata.commit.id[:12]})"
    return replace(finding, message=message, line=0, column=0)
