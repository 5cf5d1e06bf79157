"""Check types with mypy."""

from __future__ import annotations

import re
from typing import cast

from ci_engine.checks.context import Context, failed_or_passed, not_run, not_run_because
from ci_engine.configuration.reading import Table
from ci_engine.environments.environment import Environment
from ci_engine.errors import ToolError
from ci_engine.findings.results import CheckResult, Finding

__all__ = ["check"]

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


def check(context: Context) -> CheckResult:
    """Run mypy on what its configuration names, else on the source paths."""
    if not isinstance(context.environment, Environment):
        return not_run_because("typecheck", context.environment)
    try:
        tool = context.tool("mypy")
    except ToolError as error:
        return not_run_because("typecheck", error)
    interpreter = context.environment.probe.executable
    outcome = context.run(
        "typecheck",
        tool,
        [*_OPTIONS, "--python-executable", interpreter, *_targets(context)],
    )
    findings = _findings(context, outcome.stdout)
    checked = _CHECKED.search(outcome.stdout)
    if outcome.code == 0 and (checked is None or checked.group(1) == "0"):
        return not_run("typecheck", "mypy does not say that it checked files", outcome)
    # Exit code 2 is an error that stops mypy, such as a syntax error in one file.
    return failed_or_passed("typecheck", tool, outcome, findings, (1, 2))


def _targets(context: Context) -> list[str]:
    if context.paths:
        return context.code_paths
    if _configured(context):
        return []
    root = context.project.root
    return [path for path in context.settings.source_paths if (root / path).exists()]


def _configured(context: Context) -> bool:
    """Whether a configuration of mypy says what to check."""
    tool = context.project.pyproject.get("tool")
    mypy = cast("Table", tool).get("mypy") if isinstance(tool, dict) else None
    if isinstance(mypy, dict) and {"files", "packages", "modules"} & set(
        cast("Table", mypy)
    ):
        return True
    for name in ("mypy.ini", ".mypy.ini", "setup.cfg"):
        path = context.project.root / name
        if path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            if re.search(r"^\[mypy\][^\[]*^(files|packages|modules)\s*=", text, re.M):
                return True
    return False


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
