"""Find the leftovers of an unfinished merge.

Copier ends with exit code 0 if an update conflicts, so this check is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ci_engine.checks.context import Context
from ci_engine.checks.outcomes import from_findings
from ci_engine.errors import ToolError
from ci_engine.findings.results import CheckResult, Finding
from ci_engine.project.repository import Project

_START, _MIDDLE, _END = b"<<<<<<< ", b"=======", b">>>>>>> "
MARKED = "conflict markers of an unfinished merge: decide and remove them"
_MOST_BYTES = 8 * 1024 * 1024


def check(context: Context) -> CheckResult:
    """Find conflict markers, unmerged paths and rejected hunks in all files.

    Files with intentional markers set git's own attribute ``conflict-marker-size``
    to anything but 7.
    """
    findings, unread = find_conflicts(context.project)
    notes = [f"{name} was not searched: too large or not readable" for name in unread]
    return from_findings(findings, "ci-framework", notes=notes)


def find_conflicts(project: Project) -> tuple[list[Finding], list[str]]:
    """What an unfinished merge left, and the files that were not searched."""
    findings = [*_unmerged(project)]
    lines = {path: marker_line(path) for path in project.files}
    marked = {path: line for path, line in lines.items() if line}
    excused = _excused(project, list(marked))
    for path, line in marked.items():
        if path not in excused:
            findings.append(_finding(project, path, line, "conflict-marker", MARKED))
    for path in project.files:
        if path.suffix == ".rej":
            message = "a rejected hunk: apply it by hand and delete this file"
            findings.append(_finding(project, path, 1, "rejected-hunk", message))
    unread = [project.relative(path) for path, line in lines.items() if line is None]
    return findings, unread


def _finding(
    project: Project, path: Path, line: int, rule: str, message: str
) -> Finding:
    return Finding(
        tool="ci-framework",
        rule=rule,
        message=message,
        path=project.relative(path),
        line=line,
    )


def marker_line(path: Path) -> int | None:
    """The line of the first complete conflict, 0 for none, None if not searched."""
    try:
        if path.is_symlink():
            return 0
        if path.stat().st_size > _MOST_BYTES:
            return None
        data = path.read_bytes()
    except OSError:
        return None
    if _START not in data or _END not in data:
        return 0
    start = 0
    middle = False
    for number, line in enumerate(data.splitlines(), 1):
        if line.startswith(_START):
            start, middle = number, False
        elif start and line == _MIDDLE:
            middle = True
        elif start and middle and line.startswith(_END):
            return start
    return 0


def _unmerged(project: Project) -> Iterator[Finding]:
    """Paths that are unmerged in git."""
    if project.git is None:
        return
    unmerged = (
        "--no-ext-diff",
        "--no-textconv",
        "--name-only",
        "--diff-filter=U",
        "-z",
        "--relative",
    )
    outcome = project.git.run("diff", *unmerged)
    if outcome.code != 0:
        raise ToolError(f"git could not list the files: {outcome.tail(3)}")
    for name in sorted(set(outcome.names())):
        message = "unmerged in git: resolve it, then `git add` it"
        path = project.root / name
        yield _finding(project, path, marker_line(path) or 1, "unmerged", message)


def _excused(project: Project, paths: list[Path]) -> set[Path]:
    """Files whose attributes allow markers of the usual size."""
    if not paths or project.git is None:
        return set()
    names = [project.relative(path) for path in paths]
    attribute = "conflict-marker-size"
    outcome = project.git.run("check-attr", "-z", attribute, "--", *names)
    fields = outcome.stdout.split("\0")
    triples = zip(fields[0::3], fields[2::3], strict=False)
    return {
        project.root / name
        for name, value in triples
        if value not in ("unspecified", "7", "")
    }
