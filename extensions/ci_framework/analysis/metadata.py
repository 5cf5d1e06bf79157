"""Read fields of the project's metadata from all of its locations."""

from __future__ import annotations

from collections.abc import Iterator

from ci_framework.analysis.readers.documents import strings, text
from ci_framework.analysis.survey import Survey
from ci_framework.inventory import Evidence

_TABLES = (
    ("project",),
    ("tool", "poetry"),
    ("tool", "flit"),
    ("tool", "flit", "metadata"),
)


def fields(
    survey: Survey, name: str, setup_name: str = "", section: str = "metadata"
) -> Iterator[tuple[str, Evidence]]:
    """The values of a field, by precedence.

    ``setup_name`` and ``section`` are the names in setup.cfg, if they differ.
    """
    for keys in _TABLES:
        if value := text(survey.pyproject, *keys, name):
            yield value, survey.location(*keys, name)
    key = setup_name or name
    if value := survey.setup_cfg.text(section, key):
        yield (
            value,
            Evidence(
                path=survey.at_home("setup.cfg"),
                line=survey.setup_cfg.line(section, key),
            ),
        )
    if value := survey.setup_call.text(key):
        path, line = survey.at_home("setup.py"), survey.setup_call.lines[key]
        yield value, Evidence(path=path, line=line)


def classifiers(survey: Survey) -> Iterator[tuple[str, Evidence]]:
    """Every classifier with its line."""
    sources: list[tuple[str, list[str], int]] = []
    for keys in _TABLES:
        location = survey.location(*keys, "classifiers")
        rows = strings(survey.pyproject, *keys, "classifiers")
        sources.append((location.path, rows, location.line))
    cfg = survey.setup_cfg
    rows = cfg.rows("metadata", "classifiers") + cfg.rows("metadata", "classifier")
    sources.append((survey.at_home("setup.cfg"), rows, 1))
    call = survey.setup_call
    rows = strings(call.values, "classifiers")
    sources.append((survey.at_home("setup.py"), rows, call.lines.get("classifiers", 1)))
    for path, rows, start in sources:
        for row in rows:
            line = survey.documents.line_of(path, row.strip(), max(start, 1))
            yield row.strip(), Evidence(path=path, line=line)
