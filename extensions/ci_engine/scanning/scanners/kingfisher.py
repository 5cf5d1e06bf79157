"""Secrets in the files, with kingfisher's rules and ours.

No service is asked to validate a secret, and reports never contain it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from ci_engine.checks.workspace import Tool
from ci_engine.configuration.defaults import configs_directory
from ci_engine.environments.user_cache import cache_directory
from ci_engine.findings.hidden import hidden_notes
from ci_engine.findings.results import CheckResult, Finding
from ci_engine.scanning.files import copied, nothing_to_do
from ci_engine.scanning.scanner import (
    Scan,
    conclude_secrets,
    decoded,
    secret_found,
    unusable_output,
)

_PAGE = "https://docs.github.com/code-security/secret-scanning"
# 200: findings; 205: findings that were validated.
_FINDING_CODES = (200, 205)
_CACHE = "KF_RULE_CACHE_DIR"
# A value of nothing but such words, as documentation has, is not a secret.
_WORDS = (
    "your|my|the|insert|enter|put|here|api|access|auth|secret|private|client|user|app"
    "|key|token|password|passwd|value|credentials?|name|id"
)
_PLACEHOLDER = (
    r"(?i)^[<\[{]{0,2}(?:(?:your|my|insert|enter|put|example|dummy|fake|placeholder)"
    rf"(?:[-_ ]?(?:{_WORDS}))*|x{{6,}}|\*{{3,}})[>\]}}]{{0,2}}$"
)
_OPTIONS = (
    *("scan", "--no-validate", "--no-update-check", "--redact", "--no-dedup"),
    *("--format", "json", "--skip-regex", _PLACEHOLDER),
)
_OUR_RULES = "secret-rules.yaml"
_OURS = "ci-framework."
_NO_COMMENTS = "--no-ignore"
# Comments that hide a finding of kingfisher.
IGNORED = "`kingfisher:ignore`"


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
    column_end: int = 0
    confidence: str = ""
    git_metadata: _Git | None = None


class Match(msgspec.Struct):
    """One match."""

    rule: _Rule
    finding: _Found

    @property
    def place(self) -> tuple[str, str, int]:
        """The commit, the file and the line."""
        git = self.finding.git_metadata
        return (git.commit.id if git else "", self.finding.path, self.finding.line)

    def overlaps(self, other: Match) -> bool:
        """Whether two matches on one line are about the same text."""
        ours, theirs = self.finding, other.finding
        return (
            ours.column_start <= theirs.column_end
            and theirs.column_start <= ours.column_end
        )


class _Ended(msgspec.Struct):
    status: str


class _Repository(msgspec.Struct):
    scan: _Ended


class _Audit(msgspec.Struct):
    repositories: list[_Repository]


class Report(msgspec.Struct):
    """The report of kingfisher."""

    findings: list[Match]
    audit: _Audit


@dataclasses.dataclass
class Matches:
    """The matches of kingfisher.

    Attributes:
        shown: the reported matches.
        hidden: matches that comments hide.
    """

    shown: list[Match]
    hidden: list[Match]


def run(scan: Scan) -> CheckResult:
    """Search every file for secrets, with kingfisher."""
    files = scan.files
    if not files.everything and not files.unread_files():
        result = nothing_to_do("there are no files", files.excluded)
        result.notes += files.notes()
        return result
    tool = find_kingfisher(scan)
    with copied(scan.project, files.everything) as tree:
        matches = search(scan, tool, [".", "--git-history", "none"], tree)
    findings = [finding_of(scan, match) for match in matches.shown]
    result = conclude_secrets(scan, tool, findings)
    hidden = [finding_of(scan, match) for match in matches.hidden]
    result.notes += [*hidden_notes(hidden, IGNORED), *files.notes()]
    return result


def search(
    scan: Scan, tool: Tool, arguments: Sequence[str], directory: Path
) -> Matches:
    """Search for secrets, including those that comments hide.

    Raises:
        EarlyResultError: if kingfisher did not do its work.
    """
    found = run_kingfisher(scan, tool, [_NO_COMMENTS, *arguments], directory)
    every = _distinct(found.findings)
    if not every:
        return Matches([], [])
    # Only kingfisher knows which lines its comments apply to.
    heeded = run_kingfisher(scan, tool, arguments, directory)
    shown = {(match.place, match.finding.column_start) for match in heeded.findings}
    hidden = [
        match
        for match in every
        if (match.place, match.finding.column_start) not in shown
    ]
    return Matches([match for match in every if match not in hidden], hidden)


def _distinct(matches: Sequence[Match]) -> list[Match]:
    """Each secret once, with kingfisher's own rule if there is one."""
    kept: dict[tuple[str, str, int], list[Match]] = {}
    for match in sorted(matches, key=lambda match: match.rule.id.startswith(_OURS)):
        others = kept.setdefault(match.place, [])
        if not (match.rule.id.startswith(_OURS) and any(map(match.overlaps, others))):
            others.append(match)
    return [match for others in kept.values() for match in others]


def find_kingfisher(scan: Scan) -> Tool:
    """Find the locked kingfisher; its compiled rules are in the user's cache.

    A cache in the repository could contain rules without findings.
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
    rules = configs_directory() / _OUR_RULES
    command = [*_OPTIONS, "--rules-path", str(rules), "--rule", "all"]
    command += ["--max-file-size", size, "--output", str(file), *arguments]
    outcome = scan.run(tool, command, directory)
    report = decoded(tool, outcome, Report, file)
    ended = [repository.scan.status for repository in report.audit.repositories]
    whole = bool(ended) and set(ended) == {"completed"}
    fits = outcome.code in _FINDING_CODES if report.findings else outcome.code == 0
    if outcome.timed_out or not whole or not fits:
        raise unusable_output(tool, outcome)
    return report


def finding_of(scan: Scan, match: Match) -> Finding:
    """A finding, without the secret."""
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
    # A line of an old commit is not a line of the current file.
    message = f"{finding.message} (in commit {found.git_metadata.commit.id[:12]})"
    return replace(finding, message=message, line=0, column=0)
