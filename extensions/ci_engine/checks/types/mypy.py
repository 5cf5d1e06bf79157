"""Check types with mypy."""

from __future__ import annotations

import re

from ci_engine.checks.context import Context
from ci_engine.checks.outcomes import from_tool, not_run
from ci_engine.checks.sources import FRAMEWORK_DIRECTORY, commented_files
from ci_engine.checks.types.files_left_out import note_on_files
from ci_engine.checks.types.settings import notes_on_refused, read_settings
from ci_engine.findings.results import CheckResult, Finding
from ci_engine.project.tool_settings import shadowed_note

_OPTIONS = (
    "--no-color-output",
    "--no-pretty",
    "--hide-error-context",
    "--show-column-numbers",
    "--show-error-codes",
    "--error-summary",
)
_LINE = re.compile(
    r"^(?P<path>(?:[A-Za-z]:)?[^:]+)(?::(?P<line>\d+))?"
    # With show_error_end, the end line and column follow.
    r"(?::(?P<column>\d+)(?::\d+:\d+)?)?: "
    r"(?P<severity>error|warning): (?P<message>.*?)(?:  \[(?P<rule>[\w-]+)\])?$"
)
# Messages about settings that mypy ignores although it exits with code 0:
# https://github.com/python/mypy/issues/4630 and issues/17648.
_REFUSED = re.compile(r"^\S+: (?:\[mypy|\[tool\.mypy)[^\]]*\]: .+$", re.MULTILINE)
_CHECKED = re.compile(r"(?:in|checked) (\d+) source files?")
# A comment for the whole file comes before the first statement.
_TURNED_OFF = re.compile(
    rb"\A(?:\s*#.*\n)*?\s*#\s*type:\s*ignore\s*$|^#\s*mypy:\s*ignore-errors", re.M
)
# Keys of its configuration that select what to check.
_TARGET_KEYS = frozenset({"files", "packages", "modules"})
_TARGETS = re.compile(r"^\[mypy\][^\[]*^(files|packages|modules)\s*=", re.MULTILINE)
_LENIENT = re.compile(
    r"^\[mypy\][^\[]*^ignore_errors\s*=\s*(true|1|yes|on)", re.M | re.I
)
# mypy has no other way to exclude a directory from its own search.
_NOT_OURS = rf"(^|/)\.?{re.escape(FRAMEWORK_DIRECTORY)}/"


def check(context: Context) -> CheckResult:
    """Run mypy on the paths in its configuration, else on the source paths."""
    interpreter = context.prepared.probe.executable
    tool = context.tool("mypy")
    options = [*_OPTIONS, "--python-executable", interpreter, "--exclude", _NOT_OURS]
    targets = context.paths_to_check(configured=_configured(context))
    outcome = context.run(tool, [*options, *targets])
    findings = _findings(context, outcome.stdout)
    checked = _CHECKED.search(outcome.stdout)
    if outcome.code == 0 and (checked is None or checked.group(1) == "0"):
        return not_run("mypy does not report that it checked files", outcome)
    # Exit code 2 is an error that stops mypy, such as a syntax error in one file.
    result = from_tool(tool, outcome, findings, (1, 2))
    result.notes += notes_on_refused("mypy", _REFUSED, outcome)
    if checked is not None:
        result.notes += note_on_files(context, "mypy", int(checked.group(1)))
    result.notes += [*shadowed_note(context.project, "mypy"), *_weakened(context)]
    return result


def _configured(context: Context) -> bool:
    """Whether the configuration of mypy selects what to check."""
    name, text = read_settings(context, "mypy")
    if name == "pyproject.toml":
        return bool(_TARGET_KEYS & set(context.project.tool("mypy")))
    return _TARGETS.search(text) is not None


def _weakened(context: Context) -> list[str]:
    """Settings that make mypy report nothing."""
    name, text = read_settings(context, "mypy")
    ini = name != "pyproject.toml" and _LENIENT.search(text)
    own = context.project.tool("mypy") if name == "pyproject.toml" else {}
    off = bool(ini) or own.get("ignore_errors") is True
    notes = [f"ignore_errors in {name} hides every error of mypy"] if off else []
    return [*notes, *commented_files(context, _TURNED_OFF, "mypy")]


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
