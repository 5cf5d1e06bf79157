"""Write the result of a run as one HTML page that needs no network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from ci_engine.escaping import html_text
from ci_engine.findings.results import CheckResult, Finding, RunResult, Status, Verdict
from ci_engine.findings.severity import SEVERITIES, severity_of
from ci_engine.reports.html_benchmarks import benchmark_tables
from ci_engine.reports.html_frame import Cell, Column, html_page, html_table
from ci_engine.reports.wording import has_warnings, mark, outcome_line, title, where

# Larger pages open slowly; the JSON has all findings.
_MOST_ROWS = 2_000
_FINDING_COLUMNS = (
    Column("severity", short=True, number=True, choices=True),
    Column("counts as", short=True, number=True, choices=True),
    *(Column(name) for name in ("location", "rule", "what", "what to do")),
)
_CHECK_COLUMNS = (
    Column("check", short=True),
    Column("result", short=True, choices=True),
    Column("what"),
    Column("again"),
    Column("seconds", short=True, number=True),
)
# The states of a finding, the worst first.
_STATES = ("red", "warning", "accepted")
_BAR, _GAP, _WIDTH = 26, 8, 420
_VERDICTS = {
    Verdict.GREEN: "green",
    Verdict.RED: "red: there is something to fix",
    Verdict.ERROR: "error: something could not be checked",
}


def to_html(result: RunResult) -> str:
    """Write the verdict, the subject, what to do, the findings and the checks."""
    findings = [f for check in result.checks for f in check.findings]
    findings.sort(key=_order)
    scored = result.command == "scan"
    verdict = html_text(_VERDICTS[result.verdict])
    body = [
        f'<h1>{html_text(_subject(result))}: <span class="{result.verdict.value}">'
        f"{verdict}</span></h1>",
        _facts(result),
        *(f"<p>{html_text(note)}</p>" for note in result.notes),
        "<h2>Findings</h2>",
        *([_chart(findings)] if scored else []),
        *_table(findings, scored=scored),
        *benchmark_tables(result.checks),
        "<h2>Checks</h2>",
        *(_problem(check) for check in result.checks if _has_problem(check)),
        *_checks(result.checks),
    ]
    return html_page(f"{_subject(result)}: {result.verdict.value}", body)


def _subject(result: RunResult) -> str:
    """The project and the command."""
    project = result.subject.project
    return f"{project}: {title(result)}" if project else title(result)


def _facts(result: RunResult) -> str:
    """The facts about the page: branch, commit, date and environment."""
    tests = Counter(test.outcome for check in result.checks for test in check.tests)
    measured = [check.coverage for check in result.checks if check.coverage is not None]
    facts = {
        "branch": result.subject.branch,
        "commit": result.subject.commit,
        "date": result.subject.date,
        "new findings": str(sum(check.new for check in result.checks)),
        "tests": ", ".join(f"{number} {name}" for name, number in tests.items()),
        "coverage": f"{measured[0]:.2f} %" if measured else "",
        "ran on": where(result),
        "took": f"{result.seconds:.1f} s",
        "ci-framework": result.framework,
    }
    rows = "".join(
        f"<div><dt>{name}</dt><dd>{html_text(value)}</dd></div>"
        for name, value in facts.items()
        if value
    )
    return f'<dl class="facts">{rows}</dl>'


def _has_problem(check: CheckResult) -> bool:
    """Whether a check has a problem besides its findings."""
    green = check.status in (Status.PASSED, Status.SKIPPED)
    return not green and bool(check.reason or _shown_output(check))


def _shown_output(check: CheckResult) -> str:
    return check.output if not check.findings or check.id == "test" else ""


def _problem(check: CheckResult) -> str:
    """The problem of a check as a whole."""
    output = html_text(_shown_output(check))
    folded = f"<details><summary>Output</summary><pre>{output}</pre></details>"
    parts = [
        f'<section class="check{" warned" if has_warnings(check) else ""}">',
        f"<h3>{html_text(check.id)}: {mark(check)}</h3>",
        f"<p>{html_text(outcome_line(check))}</p>",
        folded if output else "",
        "</section>",
    ]
    return "\n".join(part for part in parts if part)


def _order(finding: Finding) -> tuple[bool, bool, float, str, int]:
    red = finding.severity == "error"
    return (
        finding.accepted,
        not red,
        -(finding.score or 0.0),
        finding.path,
        finding.line,
    )


def _chart(findings: list[Finding]) -> str:
    """One bar per severity; the numbers are beside the bars."""
    counts = Counter(severity_of(f) for f in findings if not f.accepted)
    most = max(counts.values(), default=0)
    height = len(SEVERITIES) * (_BAR + _GAP)
    counted = ", ".join(f"{counts[name]} {name}" for name in SEVERITIES)
    rows: list[str] = []
    for position, name in enumerate(SEVERITIES):
        top = position * (_BAR + _GAP)
        width = round(_WIDTH * counts[name] / most) if most else 0
        middle = top + _BAR * 0.7
        rows += [
            f'<text x="0" y="{middle:.0f}">{name}</text>',
            f'<rect class="{name}" x="90" y="{top}" width="{width}" '
            f'height="{_BAR}"></rect>',
            f'<text x="{98 + width}" y="{middle:.0f}">{counts[name]}</text>',
        ]
    size = f'viewBox="0 0 {_WIDTH + 200} {height}" width="{_WIDTH + 200}"'
    label = f"Findings that are not accepted: {counted}"
    return f'<svg role="img" aria-label="{label}" {size}>{"".join(rows)}</svg>'


def _checks(checks: Sequence[CheckResult]) -> list[str]:
    """The checks that ran, followed by skipped ones."""
    skipped = [check for check in checks if check.status is Status.SKIPPED]
    parts = [_check_table(check for check in checks if check not in skipped)]
    if skipped:
        summary = f"<summary>{len(skipped)} skipped</summary>"
        parts.append(f"<details>{summary}{_check_table(skipped)}</details>")
    return parts


def _check_table(checks: Iterable[CheckResult]) -> str:
    rows: list[list[str | Cell]] = [
        [
            html_text(check.id),
            mark(check),
            "<br>".join(
                html_text(text)
                for text in (outcome_line(check), check.tool, *check.notes)
                if text
            ),
            _again(check),
            Cell(f"{check.seconds:.1f}", check.seconds),
        ]
        for check in checks
    ]
    return html_table(_CHECK_COLUMNS, rows)


def _again(check: CheckResult) -> str:
    green = check.status in (Status.PASSED, Status.SKIPPED)
    return f"<code>{html_text(check.rerun)}</code>" if check.rerun and not green else ""


def _state(finding: Finding) -> str:
    """The state of a finding."""
    if finding.accepted:
        return "accepted"
    return "red" if finding.severity == "error" else "warning"


def _table(findings: list[Finding], *, scored: bool) -> list[str]:
    if not findings:
        return ["<p>There are none.</p>"]
    rows: list[list[str | Cell]] = [
        [
            *([_severity(finding)] if scored else []),
            Cell(_state(finding), _STATES.index(_state(finding))),
            _location(finding),
            f"{html_text(finding.tool)} {_rule(finding)}",
            html_text(finding.headline),
            _advice(finding),
        ]
        for finding in findings[:_MOST_ROWS]
    ]
    columns = _FINDING_COLUMNS if scored else _FINDING_COLUMNS[1:]
    hidden = len(findings) - _MOST_ROWS
    more = [f"<p>and {hidden} more in result.json</p>"] if hidden > 0 else []
    return [html_table(columns, rows), *more]


def _severity(finding: Finding) -> Cell:
    """The name of a score; sorted by the scores, the worst first."""
    return Cell(severity_of(finding), -(finding.score or 0.0))


def _location(finding: Finding) -> str:
    location = html_text(finding.location)
    return f"<code>{location}</code>" if location else ""


def _rule(finding: Finding) -> str:
    name = html_text(finding.label)
    if finding.help_url.startswith("https://"):
        return f'<a href="{html_text(finding.help_url)}">{name}</a>'
    return name


def _advice(finding: Finding) -> str:
    parts = [text for text in (finding.fix, finding.hint[len("hint: ") :]) if text]
    parts += [f"waived: {finding.waiver}"] if finding.waiver else []
    parts += ["known: it is in the baseline"] if finding.known else []
    parts += [f"also found as {', '.join(finding.also)}"] if finding.also else []
    return "<br>".join(html_text(part) for part in parts)
