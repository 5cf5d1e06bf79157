"""``ci-framework analyze``: tell what a repository is."""

from __future__ import annotations

from pathlib import Path

from ci_framework.analysis.analyze import analyze
from ci_framework.reporting.inventory_table import print_inventory
from ci_framework.reporting.screen import make_console, print_json
from ci_framework.repository import open_repository

__all__ = ["run_analyze"]


def run_analyze(path: Path, *, as_json: bool) -> int:
    """Print what the repository is; nothing of it is executed or changed."""
    inventory = analyze(open_repository(path))
    if as_json:
        print_json(inventory)
    else:
        print_inventory(inventory, make_console())
    return 0
