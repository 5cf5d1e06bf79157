"""``ci-framework analyze``: report the facts about a repository."""

from __future__ import annotations

import argparse
from pathlib import Path

from ci_framework.analysis.analyze import analyze
from ci_framework.commands.options import Options, read
from ci_framework.reporting.inventory_table import print_inventory
from ci_framework.reporting.screen import make_console
from ci_framework.repository import open_repository


def run(parsed: argparse.Namespace) -> int:
    """Print the facts about the repository; executes and changes nothing."""
    options = read(parsed, Options)
    inventory = analyze(open_repository(Path(options.path), read_only=True))
    options.emit(inventory)
    if not options.json:
        print_inventory(inventory, make_console())
    return 0
