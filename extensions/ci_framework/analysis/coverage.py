"""How much of the code the project wants covered, and what it measures."""

from __future__ import annotations

import re

from ci_engine.configuration.tables import items
from ci_framework.analysis.effective_settings import coverage_setting, pytest_setting
from ci_framework.analysis.facts import Findings
from ci_framework.analysis.readers.documents import strings, words
from ci_framework.analysis.survey import Survey
from ci_framework.inventory import Evidence

__all__ = ["state_coverage"]

_NUMBER = re.compile(r"\d+")
_COMMAND_THRESHOLD = re.compile(r"--(?:cov-)?fail-under[= ](\d+)")
_COVERAGE_FLAG = re.compile(r"--cov-fail-under[= ](\d+)")


def state_coverage(survey: Survey, findings: Findings) -> None:
    """State what is measured, and how much of it has to be covered."""
    threshold = _threshold(survey)
    if threshold is None:
        because = "no setting asks for a least coverage"
        findings.add("coverage-threshold", None, because)
    else:
        value, location = threshold
        because = "below this the project's own run fails"
        findings.add("coverage-threshold", value, because, [location])
    sources: list[str] = []
    locations: list[Evidence] = []
    for key in ("source", "source_pkgs", "source_dirs"):
        found = coverage_setting(survey, "run", key)
        if found is not None:
            sources += words(found[0])
            locations.append(found[1])
    because = "its coverage settings name them" if sources else "its settings name none"
    findings.add("coverage-source", list(dict.fromkeys(sources)), because, locations)


def _threshold(survey: Survey) -> tuple[int, Evidence] | None:
    found = coverage_setting(survey, "report", "fail_under")
    if found is not None:
        value, location = found
        number = _NUMBER.match(str(value).strip())
        if number:
            return min(int(number.group()), 100), location
    if (asked := _from_addopts(survey)) is not None:
        return asked
    for task in survey.tasks:
        for flag in _COMMAND_THRESHOLD.finditer(task.command):
            return min(int(flag.group(1)), 100), task.evidence
    for workflow, _, step in survey.steps():
        if stated := _COMMAND_THRESHOLD.search(step.text):
            return min(int(stated.group(1)), 100), workflow.at(step.line)
    return None


def _from_addopts(survey: Survey) -> tuple[int, Evidence] | None:
    addopts = pytest_setting(survey, "addopts")
    if addopts is not None:
        value, location = addopts
        line = value if isinstance(value, str) else " ".join(strings(items(value)))
        if flag := _COVERAGE_FLAG.search(line):
            return min(int(flag.group(1)), 100), location
    return None
