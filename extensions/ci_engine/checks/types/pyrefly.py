"""Check types with pyrefly."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from ci_engine.checks.context import Context
from ci_engine.checks.outcomes import from_tool, not_run
from ci_engine.checks.sources import FRAMEWORK_DIRECTORY, commented_files
from ci_engine.checks.types.files_left_out import note_on_files
from ci_engine.checks.types.settings import notes_on_refused, read_settings
from ci_engine.configuration.reading import Table, read_toml
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.processes.programs import Outcome
from ci_engine.project.tool_settings import shadowed_note

_OPTIONS = (
    *("--output-format", "json", "--color", "never", "--progress-bar", "no"),
    # Only with this does it report how many modules it checked.
    "--summary=full",
    # Its own settings select the files; the default is all files.
    *("--extend-project-excludes", f"{FRAMEWORK_DIRECTORY}/**"),
)
_CHECKED = re.compile(r"^\s*INFO (\d+) modules? \(", re.MULTILINE)
_NO_FILES = re.compile(r"^(?:No Python files matched|Path `.*` does not exist)", re.M)
_REFUSED = re.compile(r"(?<=: )Extra keys found in config: .+$", re.MULTILINE)
# A comment for the whole file comes before the first statement.
_TURNED_OFF = re.compile(
    rb"\A(?:\s*#.*\n)*?\s*#\s*(?:type:\s*ignore|pyrefly:\s*ignore-errors)\s*$", re.M
)


class _Diagnostic(msgspec.Struct):
    path: str
    line: int
    column: int
    name: str
    concise_description: str
    severity: str


class _Report(msgspec.Struct):
    errors: list[_Diagnostic]


def check(context: Context) -> CheckResult:
    """Run pyrefly on the paths in its configuration, else on the source paths."""
    interpreter = context.prepared.probe.executable
    tool = context.tool("pyrefly")
    name, settings = _settings(context)
    options = ["check", *_OPTIONS, "--python-interpreter-path", interpreter]
    targets = context.paths_to_check(configured=bool(name))
    outcome = context.run(tool, [*options, *targets])
    report = _read(outcome)
    findings = None if report is None else _findings(context, report)
    checked = _CHECKED.search(outcome.stderr)
    if report is None and _NO_FILES.search(outcome.stderr):
        keys = "project-includes and project-excludes in its settings"
        result = from_tool(tool, outcome, [])
        result.status = Status.FAILED
        result.reason = f"pyrefly checked no files: correct {keys}"
        return result
    if outcome.code == 0 and (checked is None or checked.group(1) == "0"):
        return not_run("pyrefly does not report that it checked files", outcome)
    result = from_tool(tool, outcome, findings)
    if checked is not None:
        included = _included(settings)
        number = int(checked.group(1))
        result.notes += note_on_files(context, "pyrefly", number, included)
    result.notes += notes_on_refused("pyrefly", _REFUSED, outcome)
    result.notes += shadowed_note(context.project, "pyrefly")
    result.notes += _weakened(context, name, settings)
    return result


def _settings(context: Context) -> tuple[str, Table]:
    """The configuration file of pyrefly and its settings; empty if there is none."""
    name, _ = read_settings(context, "pyrefly")
    if name in ("", "pyproject.toml"):
        return name, context.project.tool("pyrefly")
    return name, read_toml(context.project.root / name)


def _included(settings: Table) -> Sequence[str]:
    """The included paths of its settings, without those that are patterns."""
    value = settings.get("project-includes")
    names = msgspec.convert(value, list[object]) if isinstance(value, list) else []
    return [name for name in names if isinstance(name, str) and "*" not in name]


def _weakened(context: Context, name: str, settings: Table) -> list[str]:
    """Settings that make pyrefly report little or nothing."""
    notes: list[str] = []
    if not name:
        notes.append("pyrefly has no settings here: its preset basic applies")
    elif settings.get("preset") in ("off", "basic", "legacy"):
        preset = settings["preset"]
        notes.append(f'preset in {name} is "{preset}": pyrefly reports less')
    return [*notes, *commented_files(context, _TURNED_OFF, "pyrefly")]


def _read(outcome: Outcome) -> _Report | None:
    try:
        return msgspec.json.decode(outcome.stdout, type=_Report)
    except msgspec.DecodeError:
        return None


def _findings(context: Context, report: _Report) -> list[Finding]:
    return [
        Finding(
            tool="pyrefly",
            rule=diagnostic.name,
            message=diagnostic.concise_description,
            path=context.project.relative(diagnostic.path),
            line=diagnostic.line,
            column=diagnostic.column,
            severity="error" if diagnostic.severity == "error" else "warning",
        )
        for diagnostic in report.errors
    ]
