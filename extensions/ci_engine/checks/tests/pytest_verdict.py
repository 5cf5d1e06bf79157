"""Judge a run of pytest by the events that our plugin recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ci_engine.checks.context import Context
from ci_engine.checks.outcomes import timed_out
from ci_engine.checks.tests.closing_lines import ran_nothing, skipped_sessions_note
from ci_engine.checks.tests.pytest_events import TestRun, named_locations
from ci_engine.checks.tests.unrun_tests import notes_on, tests_that_did_not_run
from ci_engine.checks.workspace import Tool
from ci_engine.findings.results import (
    OWN_COMMAND,
    CheckResult,
    Finding,
    Status,
    TestCase,
)
from ci_engine.processes.programs import Outcome

# pytest's exit codes without failures: all passed, or there was no test.
_GOOD_CODES = (0, 5)
_LONGEST_ERROR = 200
# The plugin's note if Python runs optimized and assertions are not rewritten.
_UNASSERTED = "assertions are not executed"


def without_events(outcome: Outcome, *, divided: bool) -> CheckResult:
    """Judge a command that did not start pytest with our plugin.

    With shards, such a command would run all tests in each of them.
    """
    result = CheckResult(output=outcome.tail(30))
    if outcome.timed_out:
        result = timed_out(outcome)
    elif outcome.code != 0:
        result.status = Status.FAILED
        result.reason = outcome.describe_exit()
    elif ran_nothing(outcome.stdout + outcome.stderr):
        result.status = Status.FAILED
        result.reason = "no test ran, or every test was skipped"
    elif divided:
        result.status = Status.NOT_RUN
        result.reason = "the command did not run pytest: its tests cannot be divided"
    result.tool, result.environment = "test command", OWN_COMMAND
    result.notes = ["the command did not run pytest: only its exit code is known"]
    result.notes += skipped_sessions_note(outcome.stdout + outcome.stderr)
    return result


def judge_run(
    context: Context, tool: Tool, outcome: Outcome, run: TestRun
) -> CheckResult:
    """Judge the tests by pytest's events, never by its exit code alone."""
    bad = [test for test in run.tests if test.outcome in ("failed", "error")]
    unrun = tests_that_did_not_run(context, run)
    result = CheckResult(
        tool=tool.label,
        environment=tool.environment,
        tests=[*run.collection, *run.tests, *unrun],
        findings=[_finding(test) for test in (*run.collection, *bad)],
        output=outcome.tail(30),
        notes=[*run.notes, *notes_on([*run.tests, *unrun])],
    )
    if tool.environment == OWN_COMMAND:
        result.notes += skipped_sessions_note(outcome.stdout + outcome.stderr)
    if outcome.timed_out:
        result.status = Status.TIMED_OUT
        result.reason = f"killed after {outcome.seconds:.0f} s{_where(run)}"
        result.findings += _unfinished(run, "did not finish in time")
        result.findings += [] if run.running else _stuck_outside_tests(context, run)
    elif not run.finished:
        result.status = Status.FAILED
        result.reason = f"pytest did not exit normally: {outcome.describe_exit()}"
        result.findings += _unfinished(run, outcome.describe_exit())
        result.findings += [] if result.findings else [_start_failure(context, outcome)]
    elif result.findings:
        result.status = Status.FAILED
    elif run.running:
        result.status = Status.FAILED
        result.reason = f"pytest ended during a test{_where(run)}"
        result.findings += _unfinished(run, "never ended")
    elif context.request.partial and run.count("skipped") == len(run.tests):
        # Other options may also skip them: nothing failed, nothing is hidden.
        result.status = Status.SKIPPED
        result.reason = "every test that depends on what changed was skipped"
    elif run.units.others and not run.executed and not run.left:
        # Whether any test ran at all is judged once the shards are combined.
        result.status = Status.SKIPPED
        result.reason = (
            f"all {len(run.tests)} tests of this shard were skipped"
            if run.tests
            else "this shard has no tests"
        )
    else:
        result.reason = _why_nothing_is_proved(tool, outcome, run)
        result.status = Status.FAILED if result.reason else Status.PASSED
    return result


def _why_nothing_is_proved(tool: Tool, outcome: Outcome, run: TestRun) -> str:
    """Why a run without failures is not success, empty if it is one."""
    number = len(run.tests)
    if not number and not run.left:
        return "no tests were collected"
    if number and run.count("skipped") == number:
        return f"all {number} tests were skipped: nothing was tested"
    if _UNASSERTED in run.notes:
        return "Python runs without assertions: nothing was tested"
    if number and not run.executed:
        return f"none of {number} tests ran: nothing was tested"
    if number < (expected := len(run.selected) or run.collected):
        return f"only {number} of {expected} collected tests ran"
    if outcome.code != 0 or run.code not in _GOOD_CODES:
        code = f"exit code {run.code}" if outcome.code == 0 else outcome.describe_exit()
        return f"{tool.name}: {code}{_last_error(outcome)}"
    return ""


def _last_error(outcome: Outcome) -> str:
    """The last output, if no test explains the exit code."""
    rows = [row.strip() for row in outcome.stderr.splitlines() if row.strip()]
    rows = rows or [row for row in outcome.stdout.splitlines() if "rror" in row]
    return f": {rows[-1][:_LONGEST_ERROR]}" if rows else ""


def _finding(test: TestCase) -> Finding:
    return Finding(
        tool="pytest",
        rule="test-error" if test.outcome == "error" else "test-failed",
        message=test.message,
        path=test.path,
        line=test.line,
        test=test.id,
    )


def _where(run: TestRun) -> str:
    return f" in {run.running[0].id}" if run.running else ""


def _unfinished(run: TestRun, how: str) -> list[Finding]:
    """One finding for each test that was running when the run ended."""
    return [
        Finding(
            tool="pytest",
            rule="test-unfinished",
            message="\n".join(filter(None, (f"{how}: {test.id}", run.stack))),
            path=test.path,
            line=_stack_line(run.stack, test) or test.line,
            test=test.id,
        )
        for test in run.running
    ]


def _stuck_outside_tests(context: Context, run: TestRun) -> list[Finding]:
    """The project's line that was running outside of tests, such as an import."""
    for path, line in _own_locations(context, _frames(run.stack)):
        return [
            Finding(
                tool="pytest",
                rule="test-unfinished",
                message=f"did not finish in time\n{run.stack}",
                path=path,
                line=line,
            )
        ]
    return []


def _own_locations(
    context: Context, locations: Iterable[tuple[str, int]]
) -> Iterator[tuple[str, int]]:
    """The locations in files of the project."""
    for file, line in locations:
        path = context.project.relative(file)
        foreign = path.startswith((".", "/", "<")) or "site-packages" in path
        if not foreign and not Path(path).is_absolute():
            yield path, line


def _stack_line(stack: str, test: TestCase) -> int:
    """The line of the test's own file in the stack, 0 if there is none."""
    own = (n for file, n in _frames(stack) if test.path and file.endswith(test.path))
    return next(own, 0)


def _frames(stack: str) -> Iterator[tuple[str, int]]:
    """The files and lines of a stack, the innermost first."""
    for row in stack.splitlines():
        file, _, rest = row.strip().removeprefix('File "').partition('", line ')
        number = rest.split(" ")[0]
        if number.isdigit():
            yield file.replace("\\", "/"), int(number)


def _start_failure(context: Context, outcome: Outcome) -> Finding:
    """Locate what kept pytest from starting, such as a broken conftest.py."""
    *_, (path, line) = (
        ("", 0),
        *_own_locations(context, named_locations(outcome.stderr)),
    )
    rows = outcome.stderr.splitlines()
    usage = [row for row in rows if ": error: " in row]
    message = "\n".join([*usage, outcome.tail(20) or outcome.describe_exit()])
    return Finding(
        tool="pytest", rule="test-error", message=message, path=path, line=line
    )
