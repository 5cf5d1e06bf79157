"""Find the calls of test runners in workflows and tasks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, takewhile

from ci_engine.configuration.tables import text
from ci_framework.analysis.purposes.activities import (
    argv_of_test,
    find_activities,
    script_of_test,
)
from ci_framework.analysis.purposes.vocabulary import word_set
from ci_framework.analysis.survey import Survey
from ci_framework.analysis.tests_layout import defines_tests
from ci_framework.inventory import Evidence, Job, Task

_DIRECTORY = re.compile(r"[\s-]*working-directory:\s*(\S+)")
# Runners that run all environments or sessions if none is named.
_OTHER_LANGUAGES = word_set("test-programs-of-other-languages")
_WHOLE_RUNNERS = frozenset({"tox", "nox"})


@dataclass(frozen=True)
class Call:
    """One call of the test runner.

    Attributes:
        job: the job with the call, None if it is a task.
        whole: whether it is the default of a runner such as tox.
    """

    argv: tuple[str, ...]
    evidence: Evidence
    job: Job | None = None
    whole: bool = False

    @property
    def narrowness(self) -> int:
        """How few tests a call of unittest or Django names: 0 if it names none."""
        if self.runner not in ("unittest", "django"):
            return 0
        if any(word.startswith(("-k", "--tag")) for word in self.argv):
            return 2
        named = [word for word in self.argv[3:4] if not word.startswith("-")]
        return int(named not in ([], ["discover"]))

    @property
    def runner(self) -> str:
        """The called runner: pytest, unittest, django, nbdev, or a script."""
        if self.argv[0] != "python":
            return self.argv[0].partition("_")[0]
        if self.argv[1] == "-m":
            return "script" if "." in self.argv[2] else self.argv[2]
        return "django" if self.argv[1].endswith("manage.py") else "script"


def calls_of(survey: Survey, *, pytest: bool) -> list[Call]:
    """Calls of a test runner; scripts count only if nothing else is called.

    Args:
        survey: the repository.
        pytest: whether the project uses pytest, which also runs a script of tests.
    """
    found = [
        replace(call, argv=("pytest", *call.argv[1:]))
        if pytest and call.runner == "script" and defines_tests(survey, call.argv[1:2])
        else call
        for call in _calls(survey)
    ]
    return [call for call in found if call.runner != "script"] or found


def _calls(survey: Survey) -> Iterator[Call]:
    """Calls of a test runner, those of workflows before those of tasks."""
    tasks = {task.name: task for task in survey.tasks}
    for workflow, job, step in survey.steps():
        location = workflow.at(step.line)
        tests = step.kind == "run" and "test" in step.does
        if tests and not _is_elsewhere(survey, location, job):
            yield from _calls_of_step(survey, step.text, tasks, location, job)
    for task in sorted(survey.tasks, key=lambda task: _rank(task.name)):
        argv = _argv(survey, task.command) if "test" in task.does else None
        if argv is not None:
            yield Call(tuple(argv), task.evidence)


def _argv(survey: Survey, command: str) -> list[str] | None:
    """The call of the test runner, or else of a script, in a command."""
    script = script_of_test(command)
    known = script is not None and any(map(survey.has, _files_of(script)))
    return argv_of_test(command) or (script if known else None)


def _files_of(argv: Sequence[str]) -> list[str]:
    """The files that Python may run: a script, or a module of the project."""
    if argv[1] != "-m":
        return [argv[1]]
    path = argv[2].replace(".", "/")
    inside = (f"{path}.py", f"{path}/__main__.py")
    return [f"{root}{name}" for root in ("", "src/") for name in inside]


def not_understood(survey: Survey) -> Evidence | None:
    """The first test step of a workflow that cannot be interpreted."""
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
        if tests_no_python(step.text):
            continue
        if _is_elsewhere(survey, location, job):
            return location
        read = any(_calls_of_step(survey, step.text, tasks, location, job))
        if not read and not known & {*step.text.split()} & _WHOLE_RUNNERS:
            return location
    return None


def tests_no_python(script: str) -> bool:
    """Whether a script only tests with tools of other languages."""
    found = [item for item in find_activities(script) if item.does == "test"]
    return bool(found) and all(item.program in _OTHER_LANGUAGES for item in found)


def _is_elsewhere(survey: Survey, step: Evidence, job: Job) -> bool:
    """Whether a step runs in another directory than the root."""
    rows = survey.documents.text(step.path).split("\n")[step.line - 1 :]
    indent = len(rows[0]) - len(rows[0].lstrip())
    for row in [rows[0], *takewhile(lambda row: _is_inside(row, indent), rows[1:])]:
        if found := _DIRECTORY.match(row):
            return found.group(1).strip("./\"'") != ""
    workflow = survey.documents.yaml(step.path)
    usual = (("jobs", job.id, "defaults"), ("defaults",))
    given = (text(workflow, *keys, "run", "working-directory") for keys in usual)
    return next(filter(None, given), "").strip("./") != ""


def _is_inside(row: str, indent: int) -> bool:
    return not row.strip() or len(row) - len(row.lstrip()) > indent


def _calls_of_step(
    survey: Survey,
    script: str,
    tasks: Mapping[str, Task],
    location: Evidence,
    job: Job,
) -> Iterator[Call]:
    """The call that a step makes, directly or through a task."""
    named = [tasks[name] for name in named_tasks(script, tasks)]
    rows = [(script, location), *((task.command, task.evidence) for task in named)]
    for command, where in rows:
        if (argv := _argv(survey, command)) is not None:
            yield Call(tuple(argv), where, job)
            return
    words = script.split()
    for runner in sorted(_WHOLE_RUNNERS & {*words}):
        # If the job chooses an environment, or none is named: the one for tests.
        for task in sorted(tasks.values(), key=lambda task: _rank(task.name)):
            argv = _argv(survey, task.command) if "test" in task.does else None
            if task.runner == runner and argv is not None:
                yield Call(tuple(argv), task.evidence, job, whole=not named)
                return


def _rank(name: str) -> int:
    order = ("test", "tests", "py", "pytest", "unit", "test-unit")
    return order.index(name) if name in order else len(order)


def named_tasks(script: str, tasks: Iterable[str]) -> list[str]:
    """The tasks that a script runs by name."""
    script_words = script.replace('"', " ").replace("'", " ").split()
    runners = ("run", "make", "just", "-e", "-s", "poe", "task", "tox", "nox")
    return [
        name
        for name in tasks
        for before, word in pairwise(script_words)
        if word.rpartition(":")[2] == name and (before in runners or before[:1] == "-")
    ]
