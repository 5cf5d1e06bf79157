"""Print JSON and plans of commands."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ci_engine.reports.result_json import to_json


def print_json(value: object) -> None:
    """Print a value as indented JSON."""
    sys.stdout.write(to_json(value))


def print_list(command: str, noun: str, names: Sequence[str], *, as_json: bool) -> None:
    """Print what a command would do, one line or entry for each step."""
    if as_json:
        print_json({"schema": 1, "command": command, "dry-run": True, noun: names})
    else:
        sys.stdout.writelines(f"{name}\n" for name in names)
