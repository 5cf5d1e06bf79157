"""How the project is tested: runner, command, selection, coverage."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise, takewhile

from ci_framework.analysis.effective_settings import pytest_setting
from ci_framework.analysis.facts import Findings
from ci_framework.analysis.pixi import Pixi
from ci_framework.analysis.purposes.activities import argv_of_test
from ci_framework.analysis.pytest_selection import Selection, selecting
from ci_framework.analysis.readers.documents import strings, words
from ci_framework.analysis.requirements import Requirement
from ci_framework.analysis.survey import Survey
from ci_framework.inventory import Confidence, Evidence, Job, Task, Tool

_DIRECTORY = re.compile(r"[\s-]*working-directory:\s*(\S+)")
# Runners that test everything where no environment or session is named.
_WHOLE_RUNNERS = frozenset({"tox", "nox"})


@dataclass(frozen=True)
class Call:
    """One call of the test runner.

    Attributes:
        job: the job that makes it, None if it is a task.
    """

    argv: tuple[str, ...]
    evidence: Evidence
    job: Job | None = None


def configured_testpaths(survey: Survey) -> tuple[list[str], Evidence | None]:
    """The testpaths of pytest, as written."""
    found = pytest_setting(survey, "testpaths")
    return (words(found[0]), found[1]) if found else ([], None)


def state_testing(
    survey: Survey,
    requirements: list[Requirement],
    pixi: Pixi,
    tools: list[Tool],
    findings: Findings,
) -> None:
    """State how the tests are run."""
    calls = list(_calls(survey))
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


def _calls(survey: Survey) -> Iterator[Call]:
    """Calls of a test runner: those of workflows first, then those of tasks."""
    tasks = {task.name: task for task in survey.tasks}
    for workflow, job, step in survey.steps():
        location = workflow.at(step.line)
        tests = step.kind == "run" and "test" in step.does
        if tests and not _is_elsewhere(survey, location):
            yield from _calls_of_step(step.text, tasks, location, job)
    for task in sorted(survey.tasks, key=lambda task: _rank(task.name)):
        argv = argv_of_test(task.command) if "test" in task.does else None
        if argv is not None:
            yield Call(tuple(argv), task.evidence)


def _not_understood(survey: Survey) -> Evidence | None:
    """The first step of a workflow that tests in a way that cannot be read."""
    tasks = {task.name: task for task in survey.tasks}
    known = {
        task.runner
        for task in survey.tasks
        if "test" in task.does and argv_of_test(task.command) is not None
    }
    for workflow, job, step in survey.steps():
        if step.kind != "run" or "test" not in step.does:
            continue
        location = workflow.at(step.line)
        if _is_elsewhere(survey, location):
            return location
        read = any(_calls_of_step(step.text, tasks, location, job))
        if not read and not known & {*step.text.split()} & _WHOLE_RUNNERS:
            return location
    return None


def _is_elsewhere(survey: Survey, step: Evidence) -> bool:
    """Whether a step runs in a directory of its own, and not at the top."""
    rows = survey.documents.text(step.path).split("\n")[step.line - 1 :]
    indent = len(rows[0]) - len(rows[0].lstrip())
    for row in [rows[0], *takewhile(lambda row: _is_inside(row, indent), rows[1:])]:
        if found := _DIRECTORY.match(row):
            return found.group(1).strip("./\"'") != ""
    return False


def _is_inside(row: str, indent: int) -> bool:
    return not row.strip() or len(row) - len(row.lstrip()) > indent


def _calls_of_step(
    script: str, tasks: Mapping[str, Task], location: Evidence, job: Job
) -> Iterator[Call]:
    """The call that a step makes, itself or by a task that it names."""
    named = [tasks[name] for name in _named(script, tasks)]
    rows = [(script, location), *((task.command, task.evidence) for task in named)]
    for command, where in rows:
        if (argv := argv_of_test(command)) is not None:
            yield Call(tuple(argv), where, job)
            return


def _rank(name: str) -> int:
    order = ("test", "tests", "py", "pytest", "unit", "test-unit")
    return order.index(name) if name in order else len(order)


def _named(script: str, tasks: Iterable[str]) -> list[str]:
    """The tasks that a script runs by name."""
    script_words = script.replace('"', " ").replace("'", " ").split()
    runners = ("run", "make", "just", "-e", "-s", "poe", "task", "tox", "nox")
    return [
        name
        for name in tasks
        for before, word in pairwise(script_words)
        if word.rpartition(":")[2] == name and (before in runners or before[:1] == "-")
    ]


def _state_runner(
    survey: Survey, tools: list[Tool], calls: list[Call], findings: Findings
) -> None:
    tool = next((tool for tool in tools if tool.name == "pytest"), None)
    unittest = [call.evidence for call in calls if "unittest" in call.argv]
    django = [call.evidence for call in calls if "manage.py" in call.argv]
    if django and (tool is None or not calls or "manage.py" in calls[0].argv):
        findings.add("test-runner", "django", "Django's own test runner is run", django)
        return
    if tool is not None and (tool.config or tool.used):
        locations = [*([tool.config] if tool.config else []), *tool.used]
        said = "pytest is configured, required or run"
        findings.add("test-runner", "pytest", said, locations)
        return
    if unittest:
        findings.add("test-runner", "unittest", "unittest is run", unittest)
        return
    tests = findings.items("test-paths")
    imports = _importing(survey, tests)
    if imports["django"] and survey.has("manage.py") and not imports["pytest"]:
        said = "its tests import Django's, and manage.py runs those"
        findings.add("test-runner", "django", said, imports["django"][:3], "likely")
        return
    for name, because in (
        ("pytest", "its tests import it"),
        ("unittest", "its tests import unittest only"),
    ):
        if imports[name]:
            findings.add("test-runner", name, because, imports[name][:3], "likely")
            return
    if tests:
        said = "there are tests, and nothing says what runs them"
        findings.add("test-runner", "pytest", said, [], "guess")
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
    command = next((call for call in calls if call.job is None), None)
    command = command or next(iter(calls), None)
    findings.add(
        "test-command",
        shlex.join(command.argv) if command else None,
        "this is how it calls its test runner"
        if command
        else "nothing calls a test runner",
        [command.evidence] if command else [],
    )
    selection, because, sure = _selection(survey, calls, findings)
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
    """What every run selects, None if some run selects nothing."""
    if not calls:
        return None, "neither a workflow nor a task calls a test runner", "certain"
    # A call that a person makes counts only where no workflow makes one.
    made = [call for call in calls if call.job is not None] or calls[:1]
    usual = {*findings.items("test-paths"), "."}

    def resolved(calls: list[Call]) -> list[tuple[Call, Selection]]:
        chosen = [(call, selecting(survey, call.argv, usual)) for call in calls]
        return [(call, selects) for call, selects in chosen if selects.resolved]

    known = resolved(made) or resolved([c for c in calls if c.job is None][:1])
    if not known:
        return None, "what is tested is computed when it runs", "likely"
    if any(not selects for _, selects in known):
        return None, "the tests are run without selecting any", "certain"
    unread = _not_understood(survey)
    if unread is not None:
        because = "what it runs is in no file that the analysis reads"
        findings.add("unread-test-step", unread.shown, because, [unread], "likely")
        said = f"a step runs tests in a way that cannot be read ({unread.shown})"
        return None, said, "likely"
    alone = [item for item in known if item[0].job is None or not item[0].job.services]
    call, first = (alone or known)[0]
    same = [s for _, s in (alone or known) if s.options == first.options]
    paths = tuple(dict.fromkeys(path for s in same for path in s.paths))
    everything = {path.rstrip("/").removeprefix("./") for path in paths}
    if paths and not first.options and everything >= usual - {"."}:
        return None, "several runs together select every test", "likely"
    said = "workflows never run the tests without selecting some"
    if call.job is None:
        said = "the task that runs the tests selects some"
    if len({s for _, s in known}) > len(set(same)):
        said += "; other runs select others"
    if call.job is not None and call.job.services:
        said += f"; they need the services {', '.join(call.job.services)}"
    argv = (call.argv[0], *first.options, *paths)
    argv = argv if call.argv[0] == "pytest" else call.argv
    return replace(call, argv=argv), said, "likely"


def _state_coverage_plugin(
    requirements: list[Requirement], pixi: Pixi, findings: Findings
) -> None:
    """A plugin measures in pytest; with the coverage tool alone, others do it."""
    locations = [item.evidence for item in requirements if item.name == "pytest-cov"]
    in_pixi = bool(pixi.path) and any(
        "pytest-cov" in pixi.tools(name) for name in pixi.environments
    )
    there = bool(locations) or in_pixi
    because = "pytest-cov is required there" if there else "nothing requires pytest-cov"
    findings.add("coverage-plugin", there, because, locations)


def _state_requirements(
    requirements: list[Requirement], pixi: Pixi, findings: Findings
) -> None:
    found = [item for item in requirements if item.name == "pytest"]
    names = [f"{item.kind} {item.group}".strip() for item in found]
    locations = [item.evidence for item in found]
    names += [
        f"pixi {name}" for name in pixi.environments if "pytest" in pixi.tools(name)
    ] if pixi.path else []  # fmt: skip
    _state_coverage_plugin(requirements, pixi, findings)
    because = "pytest is required there" if names else "nothing requires pytest"
    findings.add("test-requirements", list(dict.fromkeys(names)), because, locations)
