"""The result as SARIF 2.1.0, within the limits of GitHub's code scanning."""

from __future__ import annotations

import gzip
import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from urllib.parse import quote

import msgspec

from ci_engine.escaping import drop_controls
from ci_engine.findings.results import CheckResult, Finding, RunResult, Status

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
# GitHub refuses a file with more runs, and a run with more results, than these.
_MOST_RUNS = 20
_MOST_RESULTS = 25_000
# It refuses larger compressed files; the limit leaves room for variation.
_MOST_BYTES = 9_500_000
# Readers see no more of a message in an alert, and uploads are limited in size.
_LONGEST_MESSAGE = 1_000
# Information about the tool for readers.
INFORMATION = "https://github.com/MementoRC/ci-framework"
# The location of findings without one in the repository.
_NO_LOCATION = "pyproject.toml"
# Characters that a tool name may have in an upload.
TOOL_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,50}")
_DRIVE = re.compile(r"[A-Za-z]:[/\\]")


def to_sarif(result: RunResult) -> str:
    """Write a run for each tool of each check that ran.

    Each has a separate category, so that uploads never replace each other.
    """
    most = _MOST_RESULTS
    text = _log(result, most)
    # Compressing takes time, and never makes the log noticeably larger.
    while len(text) > _MOST_BYTES and len(gzip.compress(text, 6)) > _MOST_BYTES:
        most //= 2
        text = _log(result, most)
    return text.decode()


def _log(result: RunResult, most: int) -> bytes:
    """Write the log with at most this many results per run."""
    pairs = [
        (check, tool)
        for check in result.checks
        if check.status is not Status.SKIPPED
        for tool in sorted({f.tool for f in check.findings} or {_tool(check)})
    ]
    skipped = [check for check in result.checks if check.status is Status.SKIPPED]
    last = [_left_out(result, skipped)] if skipped else []
    # If there are too many, the least important ones are left out.
    most_runs = _MOST_RUNS - len(last)
    shown = sorted(pairs, key=lambda pair: -_weight(pair[0]))[:most_runs]
    runs = [_run(result, *pair, most) for pair in pairs if pair in shown]
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [*runs, *last]}
    return msgspec.json.format(msgspec.json.encode(log)) + b"\n"


def _weight(check: CheckResult) -> int:
    """The importance of a check: new findings, other failures, known findings."""
    if check.new:
        return 3
    if check.status is not Status.PASSED:
        return 2
    return 1 if check.findings else 0


def _tool(check: CheckResult) -> str:
    name = check.tool.partition(" ")[0]
    # The interpreter check names a version, a project's command a path.
    return name if TOOL_NAME.fullmatch(name) else "ci-framework"


def _run(
    result: RunResult, check: CheckResult, tool: str, most: int
) -> dict[str, object]:
    findings = [finding for finding in check.findings if finding.tool == tool]
    name = f"{check.id}/{tool}"
    # New findings come first, so that a limit never hides them.
    findings.sort(key=lambda f: (f.accepted, f.severity != "error", -(f.score or 0.0)))
    shown = findings[:most]
    rules = sorted({finding.rule for finding in shown})
    positions = {rule: position for position, rule in enumerate(rules)}
    # A rule is as severe as the most severe of its findings.
    by_rule = {f.rule: f for f in sorted(shown, key=lambda f: f.score or 0.0)}
    driver: dict[str, object] = {
        "name": tool,
        "rules": [_rule(by_rule[rule]) for rule in rules],
    }
    version = _version(result, check, tool)
    if version:
        driver["version"] = version
    invocation = _invocation(check, len(findings) - len(shown))
    results = [_result(finding, positions[finding.rule]) for finding in shown]
    return _whole_run(result, name, driver, invocation, results)


def _left_out(result: RunResult, checks: Sequence[CheckResult]) -> dict[str, object]:
    """A run without results that names the checks that did not run, and why."""
    driver: dict[str, object] = {
        "name": "ci-framework",
        "version": result.framework,
        "rules": [],
    }
    notices = [
        ("note", "; ".join((f"{each.id}: skipped: {each.reason}", *each.notes)))
        for each in checks
    ]
    invocation = _invoked(notices, made=True)
    return _whole_run(result, "skipped/ci-framework", driver, invocation, [])


def _whole_run(
    result: RunResult,
    name: str,
    driver: dict[str, object],
    invocation: dict[str, object],
    results: list[dict[str, object]],
) -> dict[str, object]:
    scope = "" if result.command == "gate" else f"{result.command}/"
    about = {"informationUri": INFORMATION}
    return {
        "automationDetails": {"id": f"ci-framework/{scope}{name}/"},
        "tool": {"driver": {**driver, **about}},
        "invocations": [invocation],
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {
            "%SRCROOT%": {"description": {"text": "The top of the repository."}}
        },
        "results": results,
    }


def _version(result: RunResult, check: CheckResult, tool: str) -> str:
    """The version of a tool, if the check reports it; it may run several."""
    if tool == "ci-framework":
        return result.framework
    name, _, version = check.tool.partition(" ")
    return version if name == tool else ""


def _invocation(check: CheckResult, hidden: int) -> dict[str, object]:
    """Whether the tool did its work: no results may not mean no findings."""
    made = check.status not in (Status.NOT_RUN, Status.TIMED_OUT)
    notices = [("note", note) for note in check.notes]
    notices += [("warning", f"{hidden} more are in result.json")] if hidden else []
    if check.status is not Status.PASSED and (check.reason or not made):
        notices.append(("error", f"{check.status.value}: {check.reason}"))
    return _invoked(notices, made=made)


def _invoked(notices: Sequence[tuple[str, str]], *, made: bool) -> dict[str, object]:
    return {
        "executionSuccessful": made,
        "toolExecutionNotifications": [
            {"level": level, "message": {"text": _clean(text)}}
            for level, text in notices
        ],
    }


def _rule(finding: Finding) -> dict[str, object]:
    where = f": see {finding.help_url}" if finding.help_url else ""
    text = _clean(f"{finding.tool} reports {finding.rule}{where}.")
    rule: dict[str, object] = {
        "id": finding.rule,
        "shortDescription": {"text": _clean(f"{finding.tool}: {finding.rule}.")},
        "fullDescription": {"text": text},
        "help": {"text": text},
        "defaultConfiguration": {"level": _level(finding)},
    }
    if finding.help_url:
        rule["helpUri"] = finding.help_url
    if finding.score is not None:
        severity = f"{finding.score:.1f}"
        properties: dict[str, object] = {
            "security-severity": severity,
            "tags": ["security"],
        }
        if finding.confidence in ("high", "medium", "low"):
            properties["precision"] = finding.confidence
        rule["properties"] = properties
    return rule


def _level(finding: Finding) -> str:
    return "error" if finding.severity == "error" else "warning"


def _result(finding: Finding, rule_index: int) -> dict[str, object]:
    result: dict[str, object] = {
        "ruleId": finding.rule,
        "ruleIndex": rule_index,
        "level": _level(finding),
        "message": {"text": _message(finding)},
        "partialFingerprints": {"ciFramework/v1": finding.fingerprint},
        "baselineState": "unchanged" if finding.known else "new",
        # GitHub shows only results with a location.
        "locations": [_location(finding)],
    }
    because = "known: in ci-framework/project/baseline.json" if finding.known else ""
    if finding.waiver:
        because = f"waived: {_clean(finding.waiver)}"
    if because:
        suppression = {"kind": "external", "justification": because}
        result["suppressions"] = [suppression]
    return result


def _message(finding: Finding) -> str:
    location = (
        f"{finding.location}: " if finding.location and not _inside(finding) else ""
    )
    fix = f" What to do: {finding.fix}." if finding.fix else ""
    text = _clean(f"{location}{finding.message}")[:_LONGEST_MESSAGE]
    return f"{text}{_clean(fix)[:_LONGEST_MESSAGE]}" if text else finding.rule


def _clean(text: str) -> str:
    """Remove terminal sequences, and text that would be a link."""
    # SARIF 2.1.0, 3.11.6: `[text](destination)` is a link even in plain text.
    return drop_controls(text).strip().replace("](", "]\u2060(")


def _inside(finding: Finding) -> bool:
    """Whether a finding has a location in the repository, which GitHub needs."""
    path = PurePosixPath(finding.path)
    outside = path.is_absolute() or ".." in path.parts or _DRIVE.match(finding.path)
    return bool(finding.path) and not outside


def _location(finding: Finding) -> dict[str, object]:
    inside = _inside(finding)
    uri = quote(finding.path if inside else _NO_LOCATION, errors="replace")
    region: dict[str, object] = {"startLine": max(1, finding.line) if inside else 1}
    if finding.column and finding.line and inside:
        region["startColumn"] = finding.column
    artifact = {"uri": uri, "uriBaseId": "%SRCROOT%"}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}
