"""Check types with mypy."""

from __future__ import annotations

import re

from ci_engine.checks.context import Context
from ci_engine.checks.outcomes import from_tool, not_run
from ci_engine.checks.sources import text_of
from ci_engine.configuration.tables import table
from ci_engine.findings.results import CheckResult, Finding

_OPTIONS = (
    "--no-color-output",
    "--no-pretty",
    "--hide-error-context",
    "--show-column-numbers",
    "--show-error-codes",
    "--error-summary",
)
_LINE = re.compile(
    r"^(?P<path>(?:[A-Za-z]:)?[^:]+)(?::(?P<line>\d+))?(?::(?P<column>\d+))?: "
    r"(?P<severity>error|warning): (?P<message>.*?)(?:  \[(?P<rule>[\w-]+)\])?$"
)
_CHECKED = re.compile(r"(?:in|checked) (\d+) source files?")
# Keys of its configuration that say what to check.
_TARGET_KEYS = frozenset({"files", "packages", "modules"})
_TARGETS = re.compile(r"^\[mypy\][^\[]*^(files|packages|modules)\s*=", re.MULTILINE)


def check(context: Context) -> CheckResult:
    """Run mypy on what its configuration names, else on the source paths."""
    interpreter = context.prepared.probe.executable
    tool = context.tool("mypy")
    options = [*_OPTIONS, "--python-executable", interpreter]
    targets = context.paths_to_check(configured=_configured(context))
    outcome = context.run(tool, [*options, *targets])
    findings = _findings(context, outcome.stdout)
    checked = _CHECKED.search(outcome.stdout)
    if outcome.code == 0 and (checked is None or checked.group(1) == "0"):
        return not_run("mypy does not report that it checked files", outcome)
    # Exit code 2 is an error that stops mypy, such as a syntax error in one file.
    return from_tool(tool, outcome, findings, (1, 2))


def _configured(context: Context) -> bool:
    """Whether a configuration of mypy says what to check."""
    if _TARGET_KEYS & set(table(context.project.pyproject, "tool", "mypy")):
        return True
    files = ("mypy.ini", ".mypy.ini", "setup.cfg")
    return any(_TARGETS.search(text_of(context.project, name)) for name in files)


def _findings(context: Context, text: str) -> list[Finding]:
    matches = (_LINE.match(row) for row in text.splitlines())
    return [
        Finding(
            tool="mypy",
            rule=match.group("rule") or "error",
            message=match.group("message"),
            path=context.project.relative(match.group("path")),
            line=int(match.group("line") or 0),
            column=int(match.group("column") or 0),
            severity=match.group("severity"),
        )
        for match in matches
        if match
    ]
