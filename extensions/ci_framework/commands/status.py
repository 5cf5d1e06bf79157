"""``ci-framework status``: report the state of an adoption."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from ci_framework.applying.status import print_status, status
from ci_framework.commands.options import Options, read
from ci_framework.reporting.screen import make_console
from ci_framework.repository import open_repository


def run(parsed: argparse.Namespace) -> int:
    """Report the state of the adoption; changes nothing."""
    options = read(parsed, Options)
    found = status(open_repository(Path(options.path), read_only=True))
    data = msgspec.to_builtins(found)
    options.emit({**data, "hash": found.plan, "summary": found.phase})
    if not options.json:
        print_status(found, make_console())
    return 0
