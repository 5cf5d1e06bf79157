"""Find the configuration of each tool, and the effective one of pytest and coverage."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_engine.configuration.tables import dig, table
from ci_framework.analysis.purposes.vocabulary import CONFIGURATIONS
from ci_framework.analysis.survey import PYPROJECT, Survey
from ci_framework.inventory import Evidence


def configured_locations(survey: Survey, tool: str) -> Iterator[Evidence]:
    """The locations of a tool's configuration; the first one is effective."""
    for location in CONFIGURATIONS.get(tool, ()):
        name = location.split(" [")[0]
        for path in dict.fromkeys((survey.at_home(name), name)):
            if survey.has(path):
                line = _line(survey, path, re.findall(r"\[([^]]+)\]", location))
                if line is not None:
                    yield Evidence(path=path, line=line)


def _line(survey: Survey, path: str, tables: list[str]) -> int | None:
    """The line of the configuration in a file, None if there is none."""
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


def pytest_setting(survey: Survey, key: str) -> tuple[object, Evidence] | None:
    """An effective setting of pytest, None if it is not set."""
    path = next((found.path for found in configured_locations(survey, "pytest")), "")
    name = path.rpartition("/")[2]
    top = ("tool", "pytest") if name == PYPROJECT else ("pytest",)
    section = "tool:pytest" if name == "setup.cfg" else "pytest"
    return _setting(survey, path, section, [(*top, "ini_options"), top], key)


def coverage_setting(
    survey: Survey, section: str, key: str
) -> tuple[object, Evidence] | None:
    """An effective setting of coverage, None if it is not set."""
    path = next((found.path for found in configured_locations(survey, "coverage")), "")
    tables: list[tuple[str, ...]] = [("tool", "coverage", section)]
    if path.endswith(".toml") and not dig(survey.documents.toml(path), *tables[0][:2]):
        tables = [(section,)]
    plain = path.rpartition("/")[2] == ".coveragerc"
    return _setting(
        survey, path, section if plain else f"coverage:{section}", tables, key
    )


def _setting(
    survey: Survey, path: str, section: str, tables: Sequence[tuple[str, ...]], key: str
) -> tuple[object, Evidence] | None:
    """A setting in a section of an ini file, or in the first table that has it."""
    if path.endswith(".toml"):
        document = survey.documents.toml(path)
        for keys in [(*table, key) for table in tables]:
            if (value := dig(document, *keys)) is not None:
                return value, survey.documents.location(path, *keys)
        return None
    found = survey.documents.ini(path).get(section, key) if path else None
    if found is None:
        return None
    return "\n".join(found.rows), Evidence(path=path, line=found.line)
