"""``ci-framework status``, ``resume`` and ``rollback``: what the journal knows."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ci_framework.applying.recover import Recovery, recover
from ci_framework.applying.rollback import Rollback, rollback
from ci_framework.applying.status import print_status, status
from ci_framework.reporting.screen import make_console, print_json, printable
from ci_framework.repository import open_repository

__all__ = ["run_resume", "run_rollback", "run_status"]

_HOW = {
    "branch": "taken back: the branch of the adoption is gone",
    "revert": "taken back by a commit that removes it",
    "references": "only its branch was left; it is gone",
    "interrupted": "what was interrupted is settled, nothing of it is left",
    "nothing": "nothing to do: it was taken back before",
}


def run_status(path: Path, *, as_json: bool) -> int:
    """Tell how far the adoption is."""
    found = status(open_repository(path))
    if as_json:
        told = msgspec.to_builtins(found)
        print_json({**told, "hash": found.plan, "summary": found.phase})
    else:
        print_status(found, make_console())
    return 0


def run_resume(path: Path, *, as_json: bool) -> int:
    """Finish what was interrupted."""
    recovery = recover(open_repository(path))
    summary = _recovered(recovery)
    if as_json:
        outcome = recovery.outcome if recovery else "nothing"
        print_json({"schema": 1, "outcome": outcome, "summary": summary})
    else:
        make_console().print(summary)
    return 0


def _recovered(recovery: Recovery | None) -> str:
    if recovery is None:
        return "Nothing was interrupted."
    return f"The {recovery.interrupted} that was interrupted is {recovery.outcome}."


def run_rollback(path: Path, *, as_json: bool) -> int:
    """Put everything back as it was before the adoption."""
    done = rollback(open_repository(path))
    if as_json:
        print_json(
            {
                "schema": 1,
                "done": done.done,
                "how": done.how,
                "branch": done.branch,
                "commit": done.commit,
                "files": done.files,
                "notices": done.notices,
                "summary": _HOW[done.how],
            }
        )
    else:
        _print(done)
    return 0


def _print(done: Rollback) -> None:
    console = make_console()
    console.print(f"The adoption is {_HOW[done.how]}." if done.done else _HOW[done.how])
    if done.branch:
        console.print(printable(f"Checked out: {done.branch}"))
    for notice in done.notices:
        console.print(printable(f"note: {notice}"))
