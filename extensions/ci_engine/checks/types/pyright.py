"""Check types with pyright."""

from __future__ import annotations

import json
import re

import msgspec

from ci_engine.checks.context import Context
from ci_engine.checks.outcomes import from_tool
from ci_engine.checks.sources import FRAMEWORK_DIRECTORY, commented_files
from ci_engine.checks.types.files_left_out import note_on_files
from ci_engine.checks.types.settings import notes_on_refused, read_settings
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.project.tool_settings import shadowed_note

_TURNED_OFF = re.compile(
    rb"\A(?:\s*#.*\n)*?\s*#\s*type:\s*ignore\s*$|^#\s*pyright:\s*ignore\s*$", re.M
)
# Messages about settings that pyright ignores although it exits with code 0.
_REFUSED = re.compile(r"^Config .*\b[Uu]nrecognized setting .+$", re.MULTILINE)


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
    """Run pyright on the paths in its configuration, else on the source paths."""
    interpreter = context.prepared.probe.executable
    tool = context.tool("pyright")
    options = ["--outputjson", "--pythonpath", interpreter]
    targets = _targets(context)
    outcome = context.run(tool, [*options, *targets])
    report = _read(outcome.stdout)
    findings = None if report is None else _findings(context, report)
    result = from_tool(tool, outcome, findings)
    if report is not None and report.summary.files_analyzed == 0:
        result.status = Status.FAILED
        keys = "include and exclude in its settings"
        result.reason = f"pyright analyzed no files: correct {keys}"
    elif report is not None:
        files = report.summary.files_analyzed
        result.notes += note_on_files(
            context, "pyright", files, targets or _included(context)
        )
    result.notes += notes_on_refused("pyright", _REFUSED, outcome)
    result.notes += [*shadowed_note(context.project, "pyright"), *_weakened(context)]
    return result


def _configuration(context: Context) -> tuple[str, str]:
    """The configuration file of pyright, and its settings as JSON."""
    name, text = read_settings(context, "pyright")
    if name == "pyproject.toml":
        return name, json.dumps(context.project.tool("pyright"), default=str)
    return name, text


def _targets(context: Context) -> list[str]:
    """The paths for pyright; its own exclude applies to them as well.

    Without `include` in its settings it would search the whole repository.
    """
    name, text = _configuration(context)
    targets = context.paths_to_check(configured=bool(name))
    included = re.search(r"\"include\"\s*:", text) is not None
    if context.request.paths or included or targets not in ([], ["."]):
        return targets
    files = (context.project.relative(path) for path in context.project.files)
    python = {file for file in files if file.endswith((".py", ".pyi"))}
    return sorted({file.partition("/")[0] for file in python} - {FRAMEWORK_DIRECTORY})


def _included(context: Context) -> list[str]:
    """The included paths of its settings, without those that are patterns."""
    found = re.search(r"\"include\"\s*:\s*\[([^\]]*)\]", _configuration(context)[1])
    return re.findall(r"\"([^\"*?]+)\"", found.group(1)) if found else []


def _weakened(context: Context) -> list[str]:
    """Settings that make pyright report nothing."""
    name, text = _configuration(context)
    off = re.search(r"\"typeCheckingMode\"\s*:\s*\"off\"", text)
    notes = [f"typeCheckingMode in {name} turns pyright off"] if off else []
    if re.search(r"\"ignore\"\s*:\s*\[\s*\"", text):
        notes.append(f"ignore in {name} hides the findings of pyright in some files")
    return [*notes, *commented_files(context, _TURNED_OFF, "pyright")]


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
