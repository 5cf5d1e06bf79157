"""The result of a scan as one page of HTML that needs no script and no net."""

from __future__ import annotations

from collections import Counter

from ci_engine.escaping import html_text
from ci_engine.findings.results import CheckResult, Finding, RunResult, Status, Verdict
from ci_engine.findings.severity import SEVERITIES, severity_of
from ci_engine.reports.wording import outcome_line, title

# A longer page is slow to open; the JSON has all findings.
_MOST_ROWS = 2_000
_BAR, _GAP, _WIDTH = 26, 8, 420
_STYLE = """\
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem;
  padding: 0 1rem; color: #1b1b1b; background: #fff; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 2rem; }
th, td { border-bottom: 1px solid #c8c8c8; padding: .35rem .6rem; text-align: left;
  vertical-align: top; overflow-wrap: anywhere; }
code { font-family: ui-monospace, monospace; }
.critical { fill: #7a0019; } .high { fill: #b3261e; } .medium { fill: #9a5b00; }
.low { fill: #33608c; } .info { fill: #5c5c5c; }
svg text { fill: currentColor; font: 14px system-ui, sans-serif; }
a { color: #0b57d0; }
@media (prefers-color-scheme: dark) {
  body { color: #e8e8e8; background: #161616; } a { color: #9ec3ff; }
  .critical { fill: #ff8a9b; } .high { fill: #ff7a70; } .medium { fill: #f2b35c; }
  .low { fill: #8fbce6; } .info { fill: #b0b0b0; }
}
"""
_WORDS = {
    Status.PASSED: "ok",
    Status.FAILED: "findings",
    Status.NOT_RUN: "not run",
    Status.TIMED_OUT: "not run: too slow",
    Status.SKIPPED: "skipped",
}
_VERDICTS = {
    Verdict.GREEN: "green",
    Verdict.RED: "red: there is something to fix",
    Verdict.ERROR: "error: something could not be examined",
}


def to_html(result: RunResult) -> str:
    """Write the verdict, a chart of severities, the engines and the findings."""
    findings = [f for check in result.checks for f in check.findings]
    findings.sort(key=_order)
    parts = [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{html_text(title(result))}: {result.verdict.value}</title>",
        f"<style>\n{_STYLE}</style>",
        "</head>",
        "<body>",
        "<main>",
        f"<h1>{html_text(title(result))}: {html_text(_VERDICTS[result.verdict])}</h1>",
        *(f"<p>{html_text(note)}</p>" for note in result.notes),
        "<h2>Severity</h2>",
        _chart(findings),
        "<h2>Engines</h2>",
        _engines(result.checks),
        "<h2>Findings</h2>",
        *_table(findings),
        "</main>",
        "</body>",
        "</html>",
    ]
    return "\n".join(parts) + "\n"


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
    """One bar for each severity; the numbers are beside the bars."""
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


def _engines(checks: list[CheckResult]) -> str:
    rows = [
        _row(
            [
                html_text(check.id),
                html_text(_WORDS[check.status]),
                str(len(check.findings)),
                str(check.new),
                "<br>".join(
                    html_text(text)
                    for text in (outcome_line(check), check.tool, *check.notes)
                    if text
                ),
                f"{check.seconds:.1f}",
            ]
        )
        for check in checks
    ]
    heads = ("engine", "result", "findings", "red", "what was examined", "seconds")
    return _whole(heads, rows)


def _standing(finding: Finding) -> str:
    """What a finding counts as."""
    if finding.accepted:
        return "accepted"
    return "red" if finding.severity == "error" else "reported"


def _table(findings: list[Finding]) -> list[str]:
    if not findings:
        return ["<p>Nothing was found.</p>"]
    rows = [
        _row(
            [
                severity_of(finding),
                _standing(finding),
                f"{html_text(finding.tool)} {_rule(finding)}",
                _location(finding),
                html_text(finding.headline),
                _advice(finding),
            ]
        )
        for finding in findings[:_MOST_ROWS]
    ]
    heads = ("severity", "counts as", "rule", "location", "what", "what to do")
    hidden = len(findings) - _MOST_ROWS
    more = [f"<p>and {hidden} more in result.json</p>"] if hidden > 0 else []
    return [_whole(heads, rows), *more]


def _location(finding: Finding) -> str:
    location = html_text(finding.location)
    return f"<code>{location}</code>" if location else ""


def _rule(finding: Finding) -> str:
    name = html_text(finding.rule)
    if finding.help_url.startswith("https://"):
        return f'<a href="{html_text(finding.help_url)}">{name}</a>'
    return name


def _advice(finding: Finding) -> str:
    parts = [finding.fix] if finding.fix else []
    parts += [f"waived: {finding.waiver}"] if finding.waiver else []
    parts += ["known: it is in the baseline"] if finding.known else []
    parts += [f"also found as {', '.join(finding.also)}"] if finding.also else []
    return "<br>".join(html_text(part) for part in parts)


def _whole(heads: tuple[str, ...], rows: list[str]) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "\n".join(rows)
    return (
        f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
    )


def _row(cells: list[str]) -> str:
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
