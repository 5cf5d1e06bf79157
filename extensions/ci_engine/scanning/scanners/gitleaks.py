"""Secrets in the files, with betterleaks or gitleaks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from ci_engine.checks.workspace import Tool
from ci_engine.findings.hidden import hidden_notes
from ci_engine.findings.results import CheckResult, Finding
from ci_engine.project.output_files import write_text
from ci_engine.scanning.files import copied, nothing_to_do
from ci_engine.scanning.scanner import (
    Scan,
    conclude_secrets,
    decoded,
    not_installed,
    secret_found,
    unusable_output,
)

# The exit code for findings.
_FOUND = 9
_CONFIGURATION = "[extend]\nuseDefault = true\n"
_BELOW = "repository"


class _Leak(msgspec.Struct, rename="pascal", frozen=True):
    rule_id: str = msgspec.field(name="RuleID")
    description: str = ""
    file: str = ""
    start_line: int = 0
    start_column: int = 0


def run(scan: Scan) -> CheckResult:
    """Search every file for secrets, with the installed betterleaks or gitleaks."""
    tool = scan.installed_tool("betterleaks", "gitleaks")
    if tool is None:
        return not_installed(scan, "neither betterleaks nor gitleaks is installed")
    names = scan.files.everything
    if not names and scan.files.excluded:
        return nothing_to_do("", scan.files.excluded)
    ours = scan.reports / "gitleaks.toml"
    write_text(ours, _CONFIGURATION)
    with copied(scan.project, names, _BELOW) as tree:
        found = _search(scan, tool, ours, tree, ["--ignore-gitleaks-allow"])
        shown = _search(scan, tool, ours, tree, []) if found else []
    ours.unlink(missing_ok=True)
    findings = [_finding(tool, leak) for leak in found if leak in shown]
    result = conclude_secrets(scan, tool, findings)
    hidden = [_finding(tool, leak) for leak in found if leak not in shown]
    result.notes += hidden_notes(hidden, "`gitleaks:allow`")
    return result


def _search(
    scan: Scan, tool: Tool, ours: Path, tree: Path, options: Sequence[str]
) -> list[_Leak]:
    report = scan.reports / "gitleaks.json"
    report.unlink(missing_ok=True)
    # It would apply a file of exceptions at the root of the scan: there is none.
    command = ["dir", ".", "--report-format", "json", "--report-path", str(report)]
    command += ["--config", str(ours), "--gitleaks-ignore-path", str(tree)]
    command += ["--redact", "--no-banner", "--exit-code", str(_FOUND), *options]
    outcome = scan.run(tool, command, tree)
    leaks = decoded(tool, outcome, list[_Leak], report)
    if outcome.timed_out or outcome.code != (_FOUND if leaks else 0):
        raise unusable_output(tool, outcome)
    return leaks


def _finding(tool: Tool, leak: _Leak) -> Finding:
    path = leak.file.removeprefix("./").removeprefix(f"{_BELOW}/")
    what = leak.description or "a secret"
    column = leak.start_column
    return secret_found(tool.name, leak.rule_id, what, path, leak.start_line, column)
