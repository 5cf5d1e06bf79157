"""Find the coverage threshold of the project, and what is measured."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_framework.analysis.effective_settings import coverage_setting, pytest_setting
from ci_framework.analysis.facts import Findings
from ci_framework.analysis.purposes.shell import commands_of
from ci_framework.analysis.readers.documents import strings, words
from ci_framework.analysis.survey import Survey
from ci_framework.inventory import Evidence

_NUMBER = re.compile(r"(\d+)")
_COMMAND_THRESHOLD = re.compile(r"--(?:cov-)?fail-under[= ](\d+)")
# Options of these are for the lines of a change, not for the project.
_OF_CHANGES = frozenset({"diff-cover", "diff-quality", "diff_cover"})
_COVERAGE_FLAG = re.compile(r"--cov-fail-under[= ](\d+)")


def state_coverage(survey: Survey, findings: Findings) -> None:
    """State what is measured, and the required coverage."""
    threshold = next(((m, place) for m, place in _stated(survey) if m), None)
    if threshold is None:
        because = "no setting requires a minimum coverage"
        findings.add("coverage-threshold", None, because)
    else:
        stated, location = threshold
        because = "below this the project's own run fails"
        value = min(int(stated.group(1)), 100)
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


def _stated(survey: Survey) -> Iterator[tuple[re.Match[str] | None, Evidence]]:
    """The possible locations of a threshold, by precedence."""
    if found := coverage_setting(survey, "report", "fail_under"):
        yield _NUMBER.match(str(found[0]).strip()), found[1]
    if addopts := pytest_setting(survey, "addopts"):
        line = " ".join(strings(addopts[0]))
        yield _COVERAGE_FLAG.search(line), addopts[1]
    for task in survey.tasks:
        yield _of_commands(task.command), task.evidence
    for workflow, _, step in survey.steps():
        yield _of_commands(step.text), workflow.at(step.line)


def _of_commands(script: str) -> re.Match[str] | None:
    """The threshold that a command in a script sets for the whole project."""
    for words_ in commands_of(script):
        found = _COMMAND_THRESHOLD.search(" ".join(words_))
        if found and not _OF_CHANGES & {*words_}:
            return found
    return None
