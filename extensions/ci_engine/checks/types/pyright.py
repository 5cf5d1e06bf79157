"""Check types with pyright."""

from __future__ import annotations

import msgspec

from ci_engine.checks.context import Context, failed_or_passed, not_run_because
from ci_engine.environments.environment import Environment
from ci_engine.errors import ToolError
from ci_engine.findings.results import CheckResult, Finding, Status

__all__ = ["check"]


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
    if not isinstance(context.environment, Environment):
        return not_run_because("typecheck", context.environment)
    try:
        tool = context.tool("pyright")
    except ToolError as error:
        return not_run_because("typecheck", error)
    interpreter = context.environment.probe.executable
    outcome = context.run(
        "typecheck",
        tool,
        ["--outputjson", "--pythonpath", interpreter, *_targets(context)],
    )
    report = _read(outcome.stdout)
    findings = None if report is None else _findings(context, report)
    result = failed_or_passed("typecheck", tool, outcome, findings)
    if report is not None and report.summary.files_analyzed == 0:
        result.status = Status.FAILED
        result.reason = "pyright analyzed no files: correct include in its settings"
    return result


def _targets(context: Context) -> list[str]:
    if context.paths:
        return context.code_paths
    root = context.project.root
    tool = context.project.pyproject.get("tool")
    configured = isinstance(tool, dict) and "pyright" in tool
    if configured or (root / "pyrightconfig.json").is_file():
        return []
    return [path for path in context.settings.source_paths if (root / path).exists()]


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
