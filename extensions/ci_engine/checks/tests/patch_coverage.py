"""Check the coverage of the lines that a change touched."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ci_engine.changes.diff import changed_lines
from ci_engine.checks.context import Context
from ci_engine.checks.outcomes import not_run, skipped
from ci_engine.checks.tests.coverage import (
    CoverageReport,
    line_ranges,
    measured_tests,
    read_report,
    round_down,
)
from ci_engine.findings.results import CheckResult, Finding, Status

_MOST_NAMED = 5


@dataclass(frozen=True)
class _Patch:
    """The changed statements of one measured file, and those not run."""

    path: str
    code: frozenset[int]
    missing: list[int]


def check(context: Context) -> CheckResult:
    """Check how many changed statements the tests of this run covered."""
    threshold = context.settings.quality.coverage_threshold
    tests = measured_tests(context)
    if tests.status in (Status.NOT_RUN, Status.TIMED_OUT):
        return not_run("the tests did not finish")
    base = context.diff_base()
    if base.commit is None:
        reason = f"the changes are not known: {base.reason}"
        return skipped(f"{reason}; coverage judges all of the code")
    lines = changed_lines(context.project.root, base, ("*.py",))
    report = read_report(context)
    if report is None:
        return not_run("the tests measured no coverage")
    result = _judge(_patches(context, report, lines), threshold, base.reason)
    result.notes += _unmeasured(context, report, lines)
    return result


def _patches(
    context: Context, report: CoverageReport, lines: dict[str, set[int]]
) -> list[_Patch]:
    patches: list[_Patch] = []
    for name, file in sorted(report.files.items()):
        path = context.project.relative(Path(name))
        code = {*file.executed_lines, *file.missing_lines}
        first = _first_lines(context.project.root / path, lines.get(path, set()), code)
        if first:
            missing = sorted(first & set(file.missing_lines))
            patches.append(_Patch(path, frozenset(first), missing))
    return patches


def _first_lines(path: Path, changed: set[int], code: set[int]) -> set[int]:
    """Map changed lines to the first lines of their statements.

    Coverage identifies a statement by its first line; a change to its third line is
    a change to the statement as well.
    """
    found = changed & code
    rest = changed - code
    if not rest:
        return found
    try:
        data = path.read_bytes()
        tree = ast.parse(data)
    except (OSError, SyntaxError, ValueError, RecursionError):
        # A syntax newer than this interpreter: fall back to the changed lines.
        return found
    rows = data.decode("utf-8", "replace").split("\n")
    for first, last in _spans(tree):
        inner = {n for n in rest if first < n <= last and _is_code(rows, n)}
        if inner and first in code:
            found.add(first)
    return found


def _spans(tree: ast.Module) -> Iterator[tuple[int, int]]:
    """First and last line of each statement, without a nested body."""
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            inside = next(_inside(node), 0)
            yield node.lineno, inside - 1 if inside else node.end_lineno or node.lineno


def _inside(statement: ast.stmt) -> Iterator[int]:
    """The first lines of nested statements, without `else` and the like."""
    for part in ast.iter_child_nodes(statement):
        if isinstance(part, ast.match_case):
            yield part.pattern.lineno
        elif isinstance(part, ast.stmt):
            yield part.lineno


def _is_code(rows: list[str], number: int) -> bool:
    text = rows[number - 1].strip() if number <= len(rows) else ""
    return bool(text) and not text.startswith("#")


def _judge(patches: list[_Patch], threshold: int, since: str) -> CheckResult:
    total = sum(len(patch.code) for patch in patches)
    if not total:
        reason = f"no measured statement changed (compared with {since})"
        return skipped(reason)
    missing = sum(len(patch.missing) for patch in patches)
    percent = 100 * (total - missing) / total
    shown = round_down(percent)
    result = CheckResult(coverage=shown, tool="coverage")
    result.notes.append(f"{total} changed statements, compared with {since}")
    if percent >= threshold:
        return result
    result.status = Status.FAILED
    result.reason = (
        f"{shown:.2f} % of {total} changed statements covered, {threshold} % required"
    )
    result.findings = [
        Finding(
            tool="coverage",
            rule="patch-coverage",
            message=f"{len(patch.missing)} of {len(patch.code)} changed statements "
            f"not covered: {line_ranges(patch.missing)} (in all {result.reason})",
            path=patch.path,
            line=patch.missing[0],
        )
        for patch in patches
        if patch.missing
    ]
    return result


def _unmeasured(
    context: Context, report: CoverageReport, lines: dict[str, set[int]]
) -> list[str]:
    """List the changed source files that are missing in the coverage report."""
    measured = {context.project.relative(Path(name)) for name in report.files}
    sources = tuple(f"{path.rstrip('/')}/" for path in context.settings.source_paths)
    unknown = [
        path
        for path in sorted(lines)
        if path.startswith(sources) and path not in measured
    ]
    if not unknown:
        return []
    more = ", …" if len(unknown) > _MOST_NAMED else ""
    names = ", ".join(unknown[:_MOST_NAMED])
    return [f"changed but not measured: {names}{more}"]
