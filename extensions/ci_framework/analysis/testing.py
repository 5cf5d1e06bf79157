"""Find out how the project is tested: runner, command, selection, coverage."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace

from ci_framework.analysis.effective_settings import pytest_setting
from ci_framework.analysis.facts import Findings
from ci_framework.analysis.pixi import Pixi
from ci_framework.analysis.pytest_selection import (
    Selection,
    is_divided,
    is_everything,
    selecting,
)
from ci_framework.analysis.readers.documents import strings, words
from ci_framework.analysis.requirements import Requirement
from ci_framework.analysis.survey import Survey
from ci_framework.analysis.test_calls import Call, calls_of, not_understood
from ci_framework.analysis.tests_layout import defines_tests
from ci_framework.inventory import OTHERS_SELECT, Confidence, Evidence, Tool

# Names of groups, extras and files for tests.
_FOR_TESTS = re.compile(r"(.*[/_.-])?(tests?|testing)([_.-].*)?")


def configured_testpaths(survey: Survey) -> tuple[list[str], Evidence | None]:
    """The testpaths of pytest, relative to the root."""
    found = pytest_setting(survey, "testpaths")
    if found is None:
        return [], None
    beside = found[1].path.rpartition("/")[0]
    return [f"{beside}/{p}" if beside else p for p in words(found[0])], found[1]


def state_testing(
    survey: Survey,
    requirements: list[Requirement],
    pixi: Pixi,
    tools: list[Tool],
    findings: Findings,
) -> None:
    """State how the tests are run."""
    calls = list(calls_of(survey, pytest=_uses_pytest(tools)))
    _state_runner(survey, tools, calls, findings)
    _state_commands(survey, calls, findings)
    _state_requirements(requirements, pixi, findings)
    groups = strings(survey.tool("uv"), "default-groups")
    findings.add(
        "default-groups",
        groups or ["dev"],
        "uv is configured to install them"
        if groups
        else "what managers install by default",
        [survey.location("tool", "uv", "default-groups")] if groups else [],
        "certain" if groups else "guess",
    )


def _uses_pytest(tools: list[Tool]) -> bool:
    return any(tool.name == "pytest" and (tool.config or tool.used) for tool in tools)


def _state_runner(
    survey: Survey, tools: list[Tool], calls: list[Call], findings: Findings
) -> None:
    tool = next((tool for tool in tools if tool.name == "pytest"), None)
    by: dict[str, list[Evidence]] = {}
    for call in calls:
        by.setdefault(call.runner, []).append(call.evidence)
    django = by.get("django", [])
    if django and (tool is None or not calls or calls[0].runner == "django"):
        findings.add("test-runner", "django", "Django's own test runner is run", django)
        return
    if tool is not None and (tool.config or tool.used):
        locations = [*([tool.config] if tool.config else []), *tool.used]
        reason = "pytest is configured, required or run"
        findings.add("test-runner", "pytest", reason, locations)
        return
    for name, because in (
        ("unittest", "unittest is run"),
        ("nbdev", "nbdev runs its notebooks as tests"),
        ("script", "a script of its own runs them"),
    ):
        if name in by:
            findings.add("test-runner", name, because, by[name])
            return
    _state_guessed_runner(survey, findings)


def _state_guessed_runner(survey: Survey, findings: Findings) -> None:
    """Guess the runner from the tests themselves, if nothing calls a runner."""
    tests = findings.items("test-paths")
    imports = _importing(survey, tests)
    if imports["django"] and survey.has("manage.py") and not imports["pytest"]:
        reason = "its tests import Django's, and manage.py runs those"
        findings.add("test-runner", "django", reason, imports["django"][:3], "likely")
        return
    for name, because in (
        ("pytest", "its tests import it"),
        ("unittest", "its tests import unittest only"),
    ):
        if imports[name]:
            findings.add("test-runner", name, because, imports[name][:3], "likely")
            return
    if tests and not defines_tests(survey, tests):
        reason = "there are scripts, but no test that a test runner collects"
        findings.add("test-runner", "none", reason, [], "likely")
        return
    if tests:
        reason = "there are tests, but no file shows what runs them"
        findings.add("test-runner", "pytest", reason, [], "guess")
        return
    findings.add("test-runner", "none", "there is neither a test nor a test runner")


def _importing(survey: Survey, tests: list[str]) -> dict[str, list[Evidence]]:
    found: dict[str, list[Evidence]] = {"pytest": [], "unittest": [], "django": []}
    files = [
        path
        for path in survey.python_files
        if any(path.startswith(f"{directory}/") for directory in tests)
        or path in tests
        or path.rsplit("/", 1)[-1].startswith("test_")
    ]
    for path in files[:40]:
        for number, row in enumerate(survey.documents.text(path).split("\n"), 1):
            match = re.match(r"\s*(?:import|from)\s+(pytest|unittest|django)\b", row)
            if not match or "unittest.mock" in row or " mock" in row:
                continue
            if match.group(1) != "django" or ".test" in row:
                found[match.group(1)].append(Evidence(path=path, line=number))
    return found


def _state_commands(survey: Survey, calls: list[Call], findings: Findings) -> None:
    widest = sorted(calls, key=lambda call: call.narrowness)
    command = next((call for call in widest if call.job is None), None)
    command = command or next(iter(widest), None)
    unread = None if command else not_understood(survey)
    because = "nothing calls a test runner"
    if unread is not None:
        because = f"a step runs tests in a way that cannot be read ({unread.shown})"
    if command:
        because = "this is how it calls its test runner"
    findings.add(
        "test-command",
        shlex.join(command.argv) if command else None,
        because,
        [command.evidence] if command else [],
    )
    selection, reason, sure = _selection(survey, calls, findings)
    because = because if unread is not None else reason
    findings.add(
        "test-selection",
        list(selection.argv) if selection else [],
        because,
        [selection.evidence] if selection else [],
        sure,
    )


def _selection(
    survey: Survey, calls: list[Call], findings: Findings
) -> tuple[Call | None, str, Confidence]:
    """The tests that every run selects, None if some run selects all."""
    if not calls:
        return None, "neither a workflow nor a task calls a test runner", "certain"
    # A call that a person makes counts only if no workflow makes one.
    made = [call for call in calls if call.job is not None] or calls[:1]
    made = [call for call in made if call.whole] or made
    usual = {*findings.items("test-paths"), "."}

    def resolved(calls: list[Call]) -> list[tuple[Call, Selection]]:
        chosen = [(call, selecting(survey, call.argv, usual)) for call in calls]
        return [(call, selects) for call, selects in chosen if selects.resolved]

    known = resolved(made) or resolved([c for c in calls if c.job is None][:1])
    if not known:
        return None, "what is tested is computed when it runs", "likely"
    if any(not selects for _, selects in known):
        return None, "the tests are run without selecting any", "certain"
    unread = not_understood(survey)
    if unread is not None:
        because = "what it runs is in no file that the analysis reads"
        findings.add("unread-test-step", unread.shown, because, [unread], "likely")
        reason = f"a step runs tests in a way that cannot be read ({unread.shown})"
        return None, reason, "likely"
    alone = [item for item in known if item[0].job is None or not item[0].job.services]
    call, first = (alone or known)[0]
    same = [s for _, s in (alone or known) if s.options == first.options]
    paths = tuple(dict.fromkeys(path for s in same for path in s.paths))
    divided = is_divided(selects for _, selects in alone or known)
    if divided or (paths and not first.options and is_everything(paths, usual)):
        return None, "several runs together select every test", "likely"
    reason = "workflows never run the tests without selecting some"
    if call.job is None:
        reason = "the task that runs the tests selects some"
    if len({s for _, s in known}) > len(set(same)):
        reason += f"; {OTHERS_SELECT}"
    if call.job is not None and call.job.services:
        reason += f"; they need the services {', '.join(call.job.services)}"
    argv = (call.argv[0], *first.options, *paths)
    argv = argv if call.argv[0] == "pytest" else call.argv
    return replace(call, argv=argv), reason, "likely"


def _state_coverage_plugin(
    requirements: list[Requirement], pixi: Pixi, findings: Findings
) -> None:
    """A pytest plugin measures coverage; otherwise the coverage command does."""
    locations = [item.evidence for item in requirements if item.name == "pytest-cov"]
    in_pixi = bool(pixi.path) and any(
        "pytest-cov" in pixi.tools(name) for name in pixi.environments
    )
    there = bool(locations) or in_pixi
    because = "pytest-cov is required there" if there else "nothing requires pytest-cov"
    findings.add("coverage-plugin", there, because, locations)


def _is_plugin(item: Requirement) -> bool:
    return item.kind != "project" and item.name.startswith("pytest-")


def _state_requirements(
    requirements: list[Requirement], pixi: Pixi, findings: Findings
) -> None:
    found = [item for item in requirements if item.name == "pytest"]
    because = "pytest is required there"
    runner = findings.value("test-runner")
    if runner in ("unittest", "django", "script", "nbdev"):
        # None of these is required by name, so use the names for tests.
        found = [item for item in requirements if _FOR_TESTS.fullmatch(item.group)]
        because = "their names suggest tests"
    elif any(item.kind == "project" for item in found):
        # A plugin requires pytest itself, but tests may need other plugins.
        found += [item for item in requirements if _is_plugin(item)]
    names = [f"{item.kind} {item.group}".strip() for item in found]
    locations = [item.evidence for item in found]
    names += [
        f"pixi {name}" for name in pixi.environments if "pytest" in pixi.tools(name)
    ] if pixi.path else []  # fmt: skip
    _state_coverage_plugin(requirements, pixi, findings)
    because = because if names else "nothing requires what its tests need"
    findings.add("test-requirements", list(dict.fromkeys(names)), because, locations)
