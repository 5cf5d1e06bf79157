"""Report a change as Markdown, and explain one file for a terminal."""

from __future__ import annotations

from ci_engine.changes.categories import Reason
from ci_engine.changes.decision import AffectedTests, Decision
from ci_engine.changes.explanation import Explanation
from ci_engine.escaping import cell, code_cell, visible
from ci_engine.findings.results import name_some
from ci_engine.workflow_jobs.jobs import Jobs

_MOST_PATHS = 100
_MOST_TESTS = 50
_MOST_STEPS = 5
_MOST_LINES = 30
_SHORT_COMMIT = 12


def to_changes_page(decision: Decision, jobs: Jobs) -> str:
    """Write the decision, the reasons, and the category of each path."""
    named = [reason for reason in decision.reasons if reason.path]
    lines = [f"## Changes: {_heading(decision, named)}", ""]
    lines += ["| job | runs | because |", "|---|---|---|"]
    why = cell(_why(decision))
    matrix_jobs = ", ".join(job.title for job in jobs.matrix_jobs)
    runs = {
        "quick-checks": ", ".join(jobs.quick_checks),
        "comprehensive-tests": f"{', '.join(jobs.test_checks)} on {matrix_jobs}",
        "code-scanning": "the findings of quick-checks",
        "comment": "the summary, on the pull request",
    }
    for job, what in runs.items():
        skipped = jobs.skips.get(job)
        cells = f"skipped | {cell(skipped)}" if skipped else f"{what} | {why}"
        lines.append(f"| {job} | {cells} |")
    lines += [
        f"| {name} | not possible | {cell(because)} |"
        for name, because in jobs.impossible.items()
    ]
    lines += ["", *_tests(decision), *_paths(named)]
    return "\n".join(lines).rstrip() + "\n\n"


def _heading(decision: Decision, named: list[Reason]) -> str:
    if not named:
        return "everything runs"
    noun = "file" if len(named) == 1 else "files"
    since = f" since {decision.base[:_SHORT_COMMIT]}" if decision.base else ""
    return f"{len(named)} {noun}{since}"


def _why(decision: Decision) -> str:
    """The first path with an effect, or the reason for the whole change."""
    order = ("everything", "always-run", "ci", "dependencies", "unknown", "source")
    for category in (*order, "data", "tests", "config", "docs", "generated"):
        for reason in decision.reasons:
            if reason.category == category:
                return f"{reason.path}: {reason.because}".removeprefix(": ")
    return ""


def _tests(decision: Decision) -> list[str]:
    """The tests to run, and the path from the change to each."""
    affected = decision.affected
    lines = [f"### Tests: {_how_many(decision)}", ""]
    chains = affected.chains
    if chains:
        lines += ["| file of tests | because |", "|---|---|"]
        for chain in chains[:_MOST_TESTS]:
            lines.append(f"| {code_cell(chain.path)} | {_way(chain.way)} |")
        hidden = len(chains) - _MOST_TESTS
        lines += [f"| and {hidden} more | |"] if hidden > 0 else []
        lines.append("")
    lines += [f"- {remark}" for remark in _remarks(affected)]
    return [*lines, ""] if lines[-1] else lines


def _how_many(decision: Decision) -> str:
    affected = decision.affected
    number = f"{len(affected.chains)} of {affected.total} files"
    if decision.tests.mode == "none":
        return "none, as none depends on what changed"
    if decision.tests.mode == "some":
        return f"{number}, as no other depends on what changed"
    because = f": {cell(affected.everything)}" if affected.everything else ""
    first = f"; {number} run first" if decision.tests.paths else ""
    return f"all{because}{first}"


def _way(way: list[str]) -> str:
    steps = way
    if len(way) > _MOST_STEPS:
        steps = [*way[:2], f"{len(way) - 4} more", *way[-2:]]
    return " → ".join(map(code_cell, steps))


def _remarks(affected: AffectedTests) -> list[str]:
    remarks: list[str] = []
    if affected.unreached:
        names = name_some(list(map(code_cell, affected.unreached)), _MOST_STEPS)
        remarks.append(f"no test is known to reach {names}")
    if affected.hubs and affected.chains:
        names = name_some(list(map(code_cell, affected.hubs)), _MOST_STEPS)
        remarks.append(
            f"code is loaded by name in {names}: if its tests are missed, add it to "
            "always-run"
        )
    return [*remarks, *map(cell, affected.notes)]


def _paths(named: list[Reason]) -> list[str]:
    if not named:
        return []
    rows = [
        f"| {code_cell(r.path)} | {r.category} | {code_cell(r.because)} |"
        for r in named[:_MOST_PATHS]
    ]
    hidden = len(named) - _MOST_PATHS
    rows += [f"| and {hidden} more | | |"] if hidden > 0 else []
    return ["| path | kind | because |", "|---|---|---|", *rows]


def to_explanation(explanation: Explanation) -> str:
    """Write the category of a file, what it selects and what selects it."""
    path = visible(explanation.path)
    lines = [f"{path}: {explanation.category} ({explanation.because})"]
    lines += _selects(explanation.selects)
    needed = explanation.selected_by
    if needed:
        lines.append(f"this test runs for a change to {len(needed)} files:")
        lines += [f"  {visible(name)}" for name in needed[:_MOST_LINES]]
        lines += _and_more(len(needed))
    return "\n".join(lines) + "\n"


def _selects(affected: AffectedTests) -> list[str]:
    if affected.everything:
        return [f"a change to it runs all tests: {affected.everything}"]
    chains = affected.chains
    if not chains:
        return ["a change to it runs no test: none depends on it"]
    number = f"{len(chains)} of {affected.total} files of tests"
    lines = [f"a change to it runs {number}:"]
    for chain in chains[:_MOST_LINES]:
        way = " -> ".join(map(visible, chain.way))
        lines.append(f"  {visible(chain.path)} because {way}")
    return [*lines, *_and_more(len(chains))]


def _and_more(number: int) -> list[str]:
    return [f"  and {number - _MOST_LINES} more"] if number > _MOST_LINES else []
