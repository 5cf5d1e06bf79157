"""Secrets in the files, with betterleaks or gitleaks."""

from __future__ import annotations

import msgspec

from ci_engine.findings.results import CheckResult
from ci_engine.scanning.files import copied
from ci_engine.scanning.scanner import (
    Scan,
    conclude_secrets,
    decoded,
    not_installed,
    secret_found,
    unusable_output,
)

# What it ends with when it found something.
_FOUND = 9


class _Leak(msgspec.Struct, rename="pascal"):
    rule_id: str = msgspec.field(name="RuleID")
    description: str = ""
    file: str = ""
    start_line: int = 0
    start_column: int = 0


def run(scan: Scan) -> CheckResult:
    """Search every file for secrets, with betterleaks or gitleaks of this machine."""
    tool = scan.installed_tool("betterleaks", "gitleaks")
    if tool is None:
        return not_installed(scan, "neither betterleaks nor gitleaks is installed")
    report = scan.reports / "gitleaks.json"
    report.unlink(missing_ok=True)
    command = ["dir", ".", "--report-format", "json", "--report-path", str(report)]
    command += ["--redact", "--no-banner", "--exit-code", str(_FOUND)]
    own = scan.project.root / ".gitleaks.toml"
    command += ["--config", str(own)] if own.is_file() else []
    with copied(scan.project, scan.files.everything) as tree:
        outcome = scan.run(tool, command, tree)
    leaks = decoded(tool, outcome, list[_Leak], report)
    if outcome.timed_out or outcome.code != (_FOUND if leaks else 0):
        raise unusable_output(tool, outcome)
    findings = [
        secret_found(
            tool.name,
            leak.rule_id,
            leak.description or "a secret",
            leak.file,
            leak.start_line,
            leak.start_column,
        )
        for leak in leaks
    ]
    return conclude_secrets(scan, tool, findings)
