"""Read the settings of a type checker, and report those it does not know."""

from __future__ import annotations

import re

from ci_engine.checks.context import Context
from ci_engine.checks.sources import text_of
from ci_engine.processes.programs import Outcome
from ci_engine.project.tool_settings import settings_files

_MOST_REFUSED = 5


def read_settings(context: Context, tool: str) -> tuple[str, str]:
    """The configuration file of the tool and its text; empty if there is none."""
    files = settings_files(context.project, tool)
    name = files[0].file if files else ""
    return name, text_of(context.project, name) if name else ""


def notes_on_refused(
    tool: str, pattern: re.Pattern[str], outcome: Outcome
) -> list[str]:
    """Notes on settings that the tool reports as ignored."""
    refused = dict.fromkeys(pattern.findall(outcome.stdout + "\n" + outcome.stderr))
    return [f"{tool}: {row}" for row in list(refused)[:_MOST_REFUSED]]
