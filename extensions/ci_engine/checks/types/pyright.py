"""Check types with pyright."""

from __future__ import annotations

import msgspec

from ci_engine.checks.context import Context
from ci_engine.checks.outcomes import from_tool
from ci_engine.configuration.tables import table
from ci_engine.findings.results import CheckResult, Finding, Status


class _Position(msgspec.Struct):
    line: int
    character: int


class _Range(msgspec.Struct):
    start: _Position


class _Diagnostic(msgspec.Struct):
    file: str
    severity: str
    message: str
    range: _Range | None = None
    rule: str = "error"


class _Summary(msgspec.Struct, rename="camel"):
    files_analyzed: int


class _Report(msgspec.Struct, rename="camel"):
    general_diagnostics: list[_Diagnostic]
    summary: _Summary


def check(context: Context) -> CheckResult:
    """Run pyright on what its configuration includes, else on the source paths."""
    interpreter = context.prepared.probe.executable
    tool = context.tool("pyright")
    options = ["--outputjson", "--pythonpath", interpreter]
    own = (context.project.root / "pyrightconfig.json").is_file()
    configured = own or "pyright" in table(context.project.pyproject, "tool")
    targets = context.paths_to_check(configured=configured)
    outcome = context.run(tool, [*options, *targets])
    report = _read(outcome.stdout)
    findings = None if report is None else _findings(context, report)
    result = from_tool(tool, outcome, findings)
    if report is not None and report.summary.files_analyzed == 0:
        result.status = Status.FAILED
        result.reason = "pyright analyzed no files: correct include in its settings"
    return result


def _read(text: str) -> _Report | None:
    """Find the report; the wrapper may print notices before it."""
    start = 0 if text.startswith("{") else text.find("\n{") + 1
    try:
        return msgspec.json.decode(text[start:], type=_Report)
    except msgspec.DecodeError:
        return None


def _findings(context: Context, report: _Report) -> list[Finding]:
    return [
        Finding(
            tool="pyright",
            rule=diagnostic.rule,
            message=diagnostic.message,
            path=context.project.relative(diagnostic.file),
            line=diagnostic.range.start.line + 1 if diagnostic.range else 0,
            column=diagnostic.range.start.character + 1 if diagnostic.range else 0,
            severity="error" if diagnostic.severity == "error" else "warning",
        )
        for diagnostic in report.general_diagnostics
    ]
