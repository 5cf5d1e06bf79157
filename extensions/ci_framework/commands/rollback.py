"""``ci-framework rollback``: undo the adoption."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from ci_framework.applying.rollback import rollback
from ci_framework.commands.options import Options, add_dry_run, read
from ci_framework.reporting.screen import make_console, printable
from ci_framework.repository import open_repository

_HOW = {
    "branch": "its branch is deleted",
    "revert": "one commit removes it",
    "references": "only its branch was left, which is deleted",
    "interrupted": "it was interrupted before, and nothing of it is left",
    "nothing": "nothing to do: it was rolled back before",
}


class _Request(Options, frozen=True, kw_only=True):
    dry_run: bool


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_dry_run(parser)


def run(parsed: argparse.Namespace) -> int:
    """Roll the adoption back."""
    options = read(parsed, _Request)
    done = rollback(open_repository(Path(options.path)), dry_run=options.dry_run)
    summary = f"rolled back: {_HOW[done.how]}" if done.done else _HOW[done.how]
    if options.dry_run and done.how != "nothing":
        summary = f"would be rolled back: {_HOW[done.how]}"
    options.emit({"schema": 1, **asdict(done), "summary": summary})
    if not options.json:
        console = make_console()
        console.print(summary)
        if done.branch:
            console.print(printable(f"Checked out: {done.branch}"))
        for notice in done.notices:
            console.print(printable(f"note: {notice}"))
    return 0
