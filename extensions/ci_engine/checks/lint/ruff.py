"""Lint and format with ruff, by the project's own rules."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from ci_engine.checks import own_command
from ci_engine.checks.context import Context
from ci_engine.checks.lint.unseen_files import (
    PYTHON_SUFFIXES,
    UnseenFiles,
    notes_on_format,
    python_files,
)
from ci_engine.checks.outcomes import (
    describe_failure,
    from_findings,
    from_tool,
    not_run,
    skipped,
)
from ci_engine.checks.sources import FRAMEWORK_DIRECTORY, batches
from ci_engine.checks.workspace import Tool
from ci_engine.configuration.tables import table
from ci_engine.configuration.value_types import Command
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.processes.programs import Outcome
from ci_engine.project.repository import Project

# Undefined names, unused imports and syntax errors are never acceptable, whatever
# the project selects or ignores; `noqa` and per-file-ignores still apply.
_ALWAYS = "F,E9"
# The project's settings may change the output format, or hide the findings that
# remain after fixing.
_REPORT = ("--output-format=json", "--no-fix-only")
_NOTHING_THERE = "No Python files found"
_NO_FILES = "ruff found no Python files"
_SUFFIXES = (".py", ".pyi", ".ipynb")
_COUNTED = re.compile(r"\b\d+ files? ")
_NOT_LINTED = "Failed to lint"
# The exit code of ruff for errors other than findings.
_TROUBLE = 2


class _Location(msgspec.Struct):
    row: int
    column: int


class _Violation(msgspec.Struct):
    code: str | None
    filename: str
    message: str
    location: _Location


def check_lint(context: Context) -> CheckResult:
    """Run ``ruff check`` with the project's rules, and always F and E9.

    A project without configured rules is judged by F and E9 only: the default rules
    differ by hundreds between versions of ruff.
    """
    root = context.project.root
    configured = "ruff" in table(context.project.pyproject, "tool") or any(
        (root / name).is_file() for name in ("ruff.toml", ".ruff.toml")
    )
    return _run_lint(context, "--extend-select" if configured else "--select")


def check_own_lint(context: Context, command: Command) -> CheckResult:
    """Lint with the project's own command; F and E9 must still have no findings."""
    result = own_command.check(context, command)
    if result.status is not Status.PASSED:
        return result
    always = _run_lint(context, "--select")
    return always if always.status in (Status.FAILED, Status.NOT_RUN) else result


def _run_lint(context: Context, selection: str) -> CheckResult:
    tool = context.tool("ruff")
    targets = _targets(context)
    mode = "--fix" if context.request.fix else "--no-fix"
    options = ["check", mode, *_REPORT, selection, _ALWAYS]
    outcome = context.run(tool, [*options, "--force-exclude", *targets])
    if outcome.code == _TROUBLE and not outcome.stdout.strip():
        return not_run(f"ruff: {describe_failure(outcome)}", outcome)
    unseen = None if context.request.paths else UnseenFiles(context, tool, targets)
    notes = list(unseen.notes(targets)) if unseen else []
    nothing = outcome.code == 0 and _NOTHING_THERE in outcome.stderr
    if nothing and not (unseen and unseen.by_chance):
        return skipped(_NO_FILES, notes)
    findings = read_violations(context.project, outcome.stdout)
    if not findings and _NOT_LINTED in outcome.stderr:
        return not_run("ruff could not read every file", outcome)
    result = from_tool(tool, outcome, findings)
    if unseen and unseen.by_chance and result.status is not Status.NOT_RUN:
        result = _with_unseen(context, tool, unseen, result)
    result.notes += notes
    return result


def _with_unseen(
    context: Context, tool: Tool, unseen: UnseenFiles, result: CheckResult
) -> CheckResult:
    """Also check F and E9 in the files that ruff excludes by default."""
    findings = list(result.findings)
    options = ["check", "--no-fix", *_REPORT, "--select", _ALWAYS]
    for names in batches(unseen.by_chance):
        outcome = context.run(tool, [*options, *unseen.options, *names])
        more = from_tool(
            tool, outcome, read_violations(context.project, outcome.stdout)
        )
        if more.status is Status.NOT_RUN:
            return more
        findings += more.findings
    return from_findings(findings, tool.label, tool.environment)


def _targets(context: Context) -> Sequence[str]:
    """The paths for ruff, without files of the framework."""
    request = context.request
    if request.paths:
        return request.code_paths
    python = python_files(context)
    if request.inner:
        return python or (".",)
    ours = {name.partition("/")[0] for name in python} - {FRAMEWORK_DIRECTORY}
    if any(name.startswith(f"{FRAMEWORK_DIRECTORY}/project/") for name in python):
        ours.add(f"{FRAMEWORK_DIRECTORY}/project")
    if ours and (context.project.root / "pyproject.toml").is_file():
        ours.add("pyproject.toml")
    # A name that starts with a hyphen must not be read as an option.
    return [f"./{name}" if name.startswith("-") else name for name in sorted(ours)] or (
        ".",
    )


def read_violations(project: Project, text: str) -> list[Finding] | None:
    """Read the JSON of ``ruff check``, None if it is invalid."""
    try:
        violations = msgspec.json.decode(text, type=list[_Violation])
    except msgspec.DecodeError:
        return None
    return [
        Finding(
            tool="ruff",
            rule=violation.code or "invalid-syntax",
            message=violation.message,
            path=project.relative(violation.filename),
            line=violation.location.row,
            column=violation.location.column,
        )
        for violation in violations
    ]


def check_format(context: Context) -> CheckResult:
    """Run ``ruff format``, but not on code blocks in Markdown."""
    tool = context.tool("ruff")
    mode = [] if context.request.fix else ["--diff"]
    arguments = ["format", *mode, "--force-exclude", *_targets(context)]
    outcome = context.run(tool, arguments)
    if outcome.code == 0 and _NOTHING_THERE in outcome.stderr:
        return skipped(_NO_FILES)
    notes = notes_on_format(context, tool, _targets(context))
    if outcome.code == 0 and not _COUNTED.search(outcome.stdout + outcome.stderr):
        if notes:
            return skipped("the settings of ruff exclude every file", notes)
        # Otherwise ruff treats pyproject.toml as a file to format, and counts no files.
        if not any(path.suffix in _SUFFIXES for path in context.project.files):
            return skipped(_NO_FILES)
        return not_run("ruff does not report that it read files", outcome)
    findings = _read_diff(context, outcome.stdout)
    findings += _read_failures(context, outcome.stderr)
    result = from_tool(tool, outcome, findings, (1, 2))
    if result.status is Status.FAILED:
        python = [f for f in result.findings if f.path.endswith(PYTHON_SUFFIXES)]
        result = from_findings(python, result.tool, result.environment)
    # Exit code 2 also means that some files could not be read at all.
    if result.status is Status.PASSED and (unread := _unread(outcome)):
        return not_run(f"ruff: {unread}", outcome)
    result.notes += notes
    return result


_HUNK = re.compile(r"^@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@")


def _read_diff(context: Context, text: str) -> list[Finding]:
    """Turn the diff into one finding per file, at its first changed line."""
    findings: list[Finding] = []
    path, line = "", 0
    # Not splitlines, which also splits at form feeds and the like.
    rows = text.split("\n")
    for row, following in zip(rows, [*rows[1:], ""], strict=False):
        hunk = _HUNK.match(row)
        # A removed line may look like the header of a file.
        if row.startswith("--- ") and following.startswith("+++ "):
            path, line = row[4:].split("\t")[0].split(":cell ")[0], 0
        elif hunk:
            line = int(hunk.group(1))
        elif path and line and row.startswith(("+", "-")):
            findings.append(
                Finding(
                    tool="ruff",
                    rule="unformatted",
                    message="File would be reformatted",
                    path=context.project.relative(path),
                    line=line,
                )
            )
            path = ""
        else:
            line += 1
    return findings


_FAILURE = re.compile(r"^error: Failed to parse (.+?):(\d+):(\d+): (.+)$")


def _unread(outcome: Outcome) -> str:
    """The first error without a line, such as a file that is not UTF-8."""
    rows = [row for row in outcome.stderr.splitlines() if row.startswith("error")]
    found = next((row for row in rows if not _FAILURE.match(row)), "")
    return found if rows or outcome.code != _TROUBLE else outcome.describe_exit()


def _read_failures(context: Context, text: str) -> list[Finding]:
    """Find the files that could not be formatted because they do not parse."""
    return [
        Finding(
            tool="ruff",
            rule="invalid-syntax",
            message=match.group(4),
            path=context.project.relative(match.group(1)),
            line=int(match.group(2)),
            column=int(match.group(3)),
        )
        for row in text.splitlines()
        if (match := _FAILURE.match(row))
    ]
