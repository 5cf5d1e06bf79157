"""Known vulnerabilities of dependencies: the adapter of the gate's check ``audit``."""

from __future__ import annotations

from ci_engine.checks.dependencies.audit import run_audit
from ci_engine.findings.results import CheckResult
from ci_engine.scanning.scanner import Scan

__all__ = ["run"]


def run(scan: Scan) -> CheckResult:
    """Look the dependencies up in the OSV database, with uv or pip-audit."""
    return run_audit(scan, scan.read_dependencies(), scan.reports, scan.timeout)
