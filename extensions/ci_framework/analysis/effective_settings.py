"""Where each tool looks for its configuration, in the order in which it looks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_engine.configuration.tables import table
from ci_framework.analysis.purposes.vocabulary import CONFIGURATIONS
from ci_framework.analysis.survey import Survey
from ci_framework.inventory import Evidence

__all__ = ["configured_locations"]


def configured_locations(survey: Survey, tool: str) -> Iterator[Evidence]:
    """The places that hold configuration of a tool; the first is in force."""
    for location in CONFIGURATIONS.get(tool, ()):
        path = location.split(" [")[0]
        if survey.has(path):
            line = _line(survey, path, re.findall(r"\[([^]]+)\]", location))
            if line is not None:
                yield Evidence(path=path, line=line)


def _line(survey: Survey, path: str, tables: list[str]) -> int | None:
    """Where the configuration starts in a file, None if it has none."""
    if not tables:
        return 0
    if path.endswith(".toml"):
        keys = tables[0].split(".")
        if keys[-1] not in table(survey.documents.toml(path), *keys[:-1]):
            return None
        return survey.documents.location(path, *keys).line
    lines = [
        line
        for name, line in survey.documents.ini(path).lines.items()
        for wanted in tables
        if name == wanted or (wanted.endswith("*") and name.startswith(wanted[:-1]))
    ]
    return min(lines, default=None)
