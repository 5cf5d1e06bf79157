"""``ci-framework resume``: finish an interrupted command."""

from __future__ import annotations

import argparse
from pathlib import Path

from ci_framework.applying.recover import recover
from ci_framework.commands.options import Options, read
from ci_framework.reporting.screen import make_console
from ci_framework.repository import open_repository


def run(parsed: argparse.Namespace) -> int:
    """Finish an interrupted command."""
    options = read(parsed, Options)
    recovery = recover(open_repository(Path(options.path)))
    outcome, summary = "nothing", "nothing was interrupted"
    if recovery is not None:
        outcome = recovery.outcome
        summary = f"the interrupted {recovery.interrupted} is {outcome}"
    options.emit({"schema": 1, "outcome": outcome, "summary": summary})
    if not options.json:
        make_console().print(summary)
    return 0
