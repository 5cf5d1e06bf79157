"""What a change touches, as Markdown: which path decided what."""

from __future__ import annotations

from ci_engine.changes import Decision, Reason
from ci_engine.jobs import Jobs
from ci_engine.report.markdown import as_cell

__all__ = ["as_code", "to_changes_page"]

_MOST_PATHS = 100
_SHORT_COMMIT = 12


def to_changes_page(decision: Decision, jobs: Jobs) -> str:
    """Write what was decided, why, and what each path is."""
    named = [reason for reason in decision.reasons if reason.path]
    lines = [f"## Changes: {_heading(decision, named)}", ""]
    lines += ["| job | runs | because |", "|---|---|---|"]
    why = as_cell(_why(decision))
    legs = ", ".join(f"{leg.platform} {leg.python_version}" for leg in jobs.legs)
    runs = {
        "quick-checks": ", ".join(jobs.quick_checks),
        "comprehensive-tests": f"{', '.join(jobs.test_checks)} on {legs}",
        "code-scanning": "the findings of quick-checks",
        "comment": "the summary, on the pull request",
    }
    for job, what in runs.items():
        skipped = jobs.skips.get(job)
        cells = f"skipped | {as_cell(skipped)}" if skipped else f"{what} | {why}"
        lines.append(f"| {job} | {cells} |")
    lines += ["", *_paths(named)]
    return "\n".join(lines).rstrip() + "\n\n"


def as_code(text: str) -> str:
    """Write a text literally, in one cell of a table."""
    shown = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    fence = "`"
    while fence in shown:
        fence += "`"
    padding = " " if len(fence) > 1 else ""
    shown = shown.replace("|", "\\|")
    return f"{fence}{padding}{shown}{padding}{fence}"


def _heading(decision: Decision, named: list[Reason]) -> str:
    if not named:
        return "everything runs"
    noun = "file" if len(named) == 1 else "files"
    since = f" since {decision.base[:_SHORT_COMMIT]}" if decision.base else ""
    return f"{len(named)} {noun}{since}"


def _why(decision: Decision) -> str:
    """The first path that is not harmless, or what the whole change is."""
    order = ("everything", "always-run", "ci", "dependencies", "unknown", "source")
    for category in (*order, "tests", "docs", "generated"):
        for reason in decision.reasons:
            if reason.category == category:
                return f"{reason.path}: {reason.because}".removeprefix(": ")
    return ""


def _paths(named: list[Reason]) -> list[str]:
    if not named:
        return []
    rows = [
        f"| {as_code(r.path)} | {r.category} | {as_code(r.because)} |"
        for r in named[:_MOST_PATHS]
    ]
    hidden = len(named) - _MOST_PATHS
    rows += [f"| and {hidden} more | | |"] if hidden > 0 else []
    return ["| path | kind | because |", "|---|---|---|", *rows]
