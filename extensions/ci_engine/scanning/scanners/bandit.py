"""Issues in Python code: the adapter of the gate's check ``security``."""

from __future__ import annotations

from msgspec.structs import replace

from ci_engine.checks.lint.bandit import BanditScan, run_bandit
from ci_engine.checks.outcomes import skipped
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.findings.severity import SCORES
from ci_engine.scanning.scanner import Scan, list_unread


def run(scan: Scan) -> CheckResult:
    """Search Python code that is no test with bandit."""
    files = scan.files.code
    unread = scan.files.unread_code()
    given = len(files) + len(unread)
    if not given:
        return skipped("there is no Python code")
    found = BanditScan(CheckResult())
    if files:
        found = run_bandit(scan, files, scan.timeout)
    result = found.result
    result.findings = [_rated(scan, finding) for finding in result.findings]
    stopped = result.status in (Status.NOT_RUN, Status.TIMED_OUT)
    if not stopped or found.unread:
        count = f"{found.scanned} of {given} files parsed"
        list_unread(scan, result, count, unread | found.unread)
    return result


def _rated(scan: Scan, finding: Finding) -> Finding:
    """A finding with the severity and the confidence that its rule deserves."""
    score, confidence = finding.score or 0.0, finding.confidence
    if finding.rule in scan.profiles.bandit_high:
        score = max(score, SCORES["high"])
    if finding.rule in scan.profiles.bandit_sure:
        confidence = "high"
    return replace(finding, score=score, confidence=confidence)
