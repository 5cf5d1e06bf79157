"""Issues in workflows, actions and the configuration of Dependabot, with zizmor."""

from __future__ import annotations

import re

import msgspec

from ci_engine.checks.sources import batches
from ci_engine.checks.workspace import Tool
from ci_engine.configuration.defaults import configs_directory
from ci_engine.findings.hidden import hidden_notes
from ci_engine.findings.results import CheckResult, Finding
from ci_engine.findings.severity import SCORES
from ci_engine.processes.programs import Outcome
from ci_engine.scanning.files import nothing_to_do
from ci_engine.scanning.scanner import Scan, conclude, unusable_output
from ci_engine.scanning.unused_configuration import ZIZMOR_CONFIGURATION

_INPUTS = re.compile(
    r"(?:\.github/workflows/[^/]+\.ya?ml|(?:.*/)?action\.ya?ml"
    r"|\.github/dependabot\.ya?ml)"
)
# The prefix of a cause in its output.
_STEP = re.compile(r"^[ │├╰─▶]*(?:\d+: )?")
# 11 to 14 mean the highest severity of the findings.
_FINDING_CODES = (11, 12, 13, 14)


class _Local(msgspec.Struct):
    verbatim_path: str = ""


class _Key(msgspec.Struct):
    local: _Local = msgspec.field(name="Local", default_factory=_Local)


class _Symbolic(msgspec.Struct):
    key: _Key
    annotation: str = ""
    kind: str = ""


class _Point(msgspec.Struct):
    row: int = 0
    column: int = 0


class _Span(msgspec.Struct):
    start_point: _Point


class _Concrete(msgspec.Struct):
    location: _Span


class _Location(msgspec.Struct):
    symbolic: _Symbolic
    concrete: _Concrete


class _Determinations(msgspec.Struct):
    confidence: str = ""
    severity: str = ""


class _Issue(msgspec.Struct):
    ident: str
    desc: str
    url: str
    determinations: _Determinations
    locations: list[_Location]


def run(scan: Scan) -> CheckResult:
    """Audit every workflow and action; one that does not parse is listed."""
    inputs = [name for name in scan.files.everything if _INPUTS.fullmatch(name)]
    if not inputs:
        excluded = [each for each in scan.files.excluded if _INPUTS.fullmatch(each)]
        return nothing_to_do("there are no workflows and no actions", excluded)
    tool = scan.locked_tool("zizmor")
    every, unread = _audit(scan, tool, inputs, ["--no-ignores"])
    suspects = {finding.path for finding in every}
    read = [name for name in inputs if name in suspects]
    # Only zizmor knows which lines its comments apply to.
    shown, _ = _audit(scan, tool, read, [])
    findings = [finding for finding in every if finding in shown]
    result = conclude(scan, tool, findings, len(inputs), unread)
    hidden = [finding for finding in every if finding not in shown]
    result.notes += hidden_notes(hidden, "`zizmor: ignore`")
    return result


def _audit(
    scan: Scan, tool: Tool, inputs: list[str], options: list[str]
) -> tuple[list[Finding], dict[str, str]]:
    """Audit some files, and list those that do not parse, with the reason."""
    issues: list[_Issue] = []
    unread: dict[str, str] = {}
    waiting = batches(inputs)
    while waiting:
        batch = waiting.pop()
        found, outcome = _run(scan, tool, [*options, *batch])
        if outcome.timed_out or outcome.missing:
            raise unusable_output(tool, outcome)
        if found is not None:
            issues += found
        elif len(batch) > 1:
            # If it cannot read one of them, the others are still audited.
            waiting += [[name] for name in batch]
        else:
            unread[batch[0].removeprefix("./")] = _why(outcome)
    return [_finding(scan, issue) for issue in issues], unread


def _run(
    scan: Scan, tool: Tool, arguments: list[str]
) -> tuple[list[_Issue] | None, Outcome]:
    """Run zizmor without a network; None if it did not do its work."""
    options = ["--offline", "--no-progress", "--color", "never", "--format", "json-v1"]
    options += ["--strict-collection", "--persona", scan.level.persona]
    options += ["--config", str(configs_directory() / ZIZMOR_CONFIGURATION)]
    outcome = scan.run(tool, [*options, *arguments])
    try:
        issues = msgspec.json.decode(outcome.stdout, type=list[_Issue])
    except msgspec.DecodeError:
        return None, outcome
    fits = outcome.code in _FINDING_CODES if issues else outcome.code == 0
    return (issues if fits and not outcome.timed_out else None), outcome


def _why(outcome: Outcome) -> str:
    """The innermost cause in its output."""
    text = outcome.stderr.partition("Stack backtrace:")[0]
    rows = [_STEP.sub("", row).strip() for row in text.splitlines() if row.strip()]
    causes = [row for row in rows if not row.startswith(("INFO", "🌈", "fatal"))]
    return (causes or rows or [outcome.describe_exit()])[-1][:200]


def _finding(scan: Scan, issue: _Issue) -> Finding:
    ordered = sorted(
        issue.locations, key=lambda location: location.symbolic.kind != "Primary"
    )
    location = ordered[0] if ordered else None
    point = location.concrete.location.start_point if location else _Point(-1, -1)
    path = location.symbolic.key.local.verbatim_path if location else ""
    annotation = location.symbolic.annotation if location else ""
    return Finding(
        tool="zizmor",
        rule=issue.ident,
        message=f"{issue.desc}: {annotation}" if annotation else issue.desc,
        path=scan.project.relative(path) if path else "",
        line=point.row + 1,
        column=point.column + 1,
        score=SCORES.get(issue.determinations.severity.lower(), SCORES["low"]),
        help_url=issue.url,
        confidence=issue.determinations.confidence.lower(),
    )
