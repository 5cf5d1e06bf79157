"""Run the tests with the project's own pytest and measure coverage."""

from __future__ import annotations

import os
import shlex
import time
from pathlib import Path
from typing import cast

from ci_engine.checks.context import Context, Tool, not_run, not_run_because, skipped
from ci_engine.checks.coverage import REPORT_NAME
from ci_engine.checks.own_command import run_own_command
from ci_engine.checks.pytest_events import TestRun, read_events
from ci_engine.config import Table
from ci_engine.environment import Environment
from ci_engine.results import CheckResult, Finding, Status, TestCase
from ci_engine.run import Outcome

__all__ = ["check"]

_EVENTS_NAME = "pytest-events.jsonl"
_OUTPUT_NAME = "pytest-output.txt"
# The exit code of pytest when it found no test to run.
_NOTHING_COLLECTED = 5


def check(context: Context) -> CheckResult:
    """Run the tests; what pytest reported decides, never its exit code alone."""
    environment = context.environment
    if not isinstance(environment, Environment):
        return not_run_because("test", environment)
    events = context.reports / _EVENTS_NAME
    for stale in (events, context.reports / REPORT_NAME):
        stale.unlink(missing_ok=True)
    own = context.settings.commands.get("test")
    if own is not None:
        options = _coverage_options(context, environment)
        variables = _variables(context, events, options)
        outcome = run_own_command("test", own, context, variables)
        if isinstance(outcome, CheckResult):
            return outcome
        tool = Tool("test command", "", (), {}, "the project's own command")
        if not events.exists():
            return _without_events(outcome)
    else:
        if not _has_tests(context):
            return skipped("test", "this project has no tests (no test_*.py)")
        command = _command(context, environment)
        if command is None:
            reason = f"pytest is not in the environment ({environment.name})"
            return not_run("test", reason)
        version = environment.version("pytest")
        variables = {**environment.variables, **_variables(context, events, ())}
        tool = Tool("pytest", version, command, variables, environment.name)
        outcome = context.run("test", tool, context.paths)
        _convert_coverage(context, environment, variables)
    _keep_output(context, outcome)
    run = read_events(events)
    events.unlink(missing_ok=True)
    return _judge(tool, outcome, run)


def _variables(
    context: Context, events: Path, options: tuple[str, ...]
) -> dict[str, str]:
    """Make pytest load our plugin, also when another program starts it."""
    inside = str(Path(__file__).resolve().parent.parent / "inside")
    python_path = os.environ.get("PYTHONPATH", "")
    words = shlex.join(("-p", "ci_framework_pytest", *options))
    return {
        "CI_ENGINE_PYTEST_EVENTS": str(events),
        "CI_ENGINE_PYTEST_DEADLINE": f"{time.time() + context.timeout('test'):.2f}",
        "CI_ENGINE_ROOT": str(context.project.root),
        "COVERAGE_FILE": str(context.reports / ".coverage"),
        "PYTEST_ADDOPTS": f"{words} {os.environ.get('PYTEST_ADDOPTS', '')}".strip(),
        "PYTHONPATH": os.pathsep.join(filter(None, (inside, python_path))),
    }


def _has_tests(context: Context) -> bool:
    """Whether there is anything that pytest might collect."""
    tests = tuple(f"{path.rstrip('/')}/" for path in context.settings.test_paths)
    files = (path for path in context.project.files if path.suffix == ".py")
    return bool(context.paths) or any(
        path.name.startswith("test")
        or path.name.endswith("_test.py")
        or context.project.relative(path).startswith(tests)
        for path in files
    )


def _command(context: Context, environment: Environment) -> tuple[str, ...] | None:
    """The command that runs pytest, measuring coverage if anything here can."""
    pytest = environment.module("pytest")
    if pytest is None:
        return None
    if "pytest_cov" in environment.probe.modules:
        return (*pytest, "--color=no", *_coverage_options(context, environment))
    coverage = environment.module("coverage")
    if context.paths or coverage is None:
        return (*pytest, "--color=no")
    sources = ",".join(_sources(context))
    source = (f"--source={sources}",) if sources else ()
    return (*coverage, "run", *source, "-m", "pytest", "--color=no")


def _coverage_options(context: Context, environment: Environment) -> tuple[str, ...]:
    """The options of pytest-cov, if it is there."""
    if "pytest_cov" not in environment.probe.modules:
        return ()
    if context.paths:
        return ("--no-cov",)
    measured = tuple(f"--cov={path}" for path in _sources(context)) or ("--cov",)
    report = f"--cov-report=json:{context.reports / REPORT_NAME}"
    xml = f"--cov-report=xml:{context.reports / 'coverage.xml'}"
    # The threshold is a check of its own; the tests are judged by themselves.
    return (*measured, "--cov-report=", report, xml, "--cov-fail-under=0")


def _sources(context: Context) -> list[str]:
    """What to measure, unless the project's coverage settings say it."""
    return [] if _names_sources(context) else context.settings.source_paths


def _names_sources(context: Context) -> bool:
    """Whether the project's coverage settings say what to measure."""
    tool = context.project.pyproject.get("tool")
    tools = cast("Table", tool) if isinstance(tool, dict) else {}
    coverage = tools.get("coverage")
    run = cast("Table", coverage).get("run") if isinstance(coverage, dict) else None
    if isinstance(run, dict) and {"source", "source_pkgs"} & set(cast("Table", run)):
        return True
    return (context.project.root / ".coveragerc").is_file()


def _convert_coverage(
    context: Context, environment: Environment, variables: dict[str, str]
) -> None:
    """Write the reports if ``coverage run`` measured instead of pytest-cov."""
    if "pytest_cov" in environment.probe.modules or context.paths:
        return
    command = environment.module("coverage")
    if command is None:
        return
    tool = Tool("coverage", "", command, variables, environment.name)
    report = str(context.reports / REPORT_NAME)
    context.run("coverage", tool, ["json", "--quiet", "--fail-under=0", "-o", report])
    xml = str(context.reports / "coverage.xml")
    context.run("coverage", tool, ["xml", "--quiet", "--fail-under=0", "-o", xml])


def _keep_output(context: Context, outcome: Outcome) -> None:
    text = outcome.stdout + outcome.stderr
    path = context.reports / _OUTPUT_NAME
    path.write_text(text, encoding="utf-8", errors="replace")


def _without_events(outcome: Outcome) -> CheckResult:
    """Judge a command in which no pytest of ours could look."""
    result = CheckResult(
        id="test",
        tool="test command",
        environment="the project's own command",
        output=outcome.tail(30),
        notes=["the command did not run pytest: its exit code is all that is known"],
    )
    if outcome.timed_out:
        result.status = Status.TIMED_OUT
        result.reason = f"killed after {outcome.seconds:.0f} s"
    elif outcome.code != 0:
        result.status = Status.FAILED
        result.reason = outcome.ending()
    return result


def _judge(tool: Tool, outcome: Outcome, run: TestRun) -> CheckResult:
    bad = [test for test in run.tests if test.outcome in ("failed", "error")]
    findings = [_finding(test) for test in (*run.collection, *bad)]
    result = CheckResult(
        id="test",
        status=Status.PASSED,
        tool=tool.label,
        environment=tool.environment,
        tests=[*run.collection, *run.tests],
        findings=findings,
        output=outcome.tail(30),
    )
    if outcome.timed_out:
        result.status = Status.TIMED_OUT
        result.reason = f"killed after {outcome.seconds:.0f} s{_where(run)}"
        result.findings += _unfinished(run, "did not end in time")
    elif not run.finished:
        result.status = Status.FAILED
        result.reason = f"pytest did not come to its end: {outcome.ending()}"
        result.findings += _unfinished(run, outcome.ending())
        result.findings += [] if result.findings else [_start_failure(outcome)]
    elif findings:
        result.status = Status.FAILED
    elif run.code == _NOTHING_COLLECTED or not run.tests:
        result.status = Status.FAILED
        result.reason = "no tests were collected"
    elif run.count("skipped") == len(run.tests):
        result.status = Status.FAILED
        result.reason = f"all {len(run.tests)} tests were skipped: nothing was tested"
    elif outcome.code != 0:
        result.status = Status.FAILED
        result.reason = f"{tool.name}: {outcome.ending()}"
    return result


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
    """One finding for each test that was running when the end came."""
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


def _stack_line(stack: str, test: TestCase) -> int:
    """The line of the test's own file in the stack, 0 if it is not in it."""
    for row in stack.splitlines():
        file, _, rest = row.strip().removeprefix('File "').partition('", line ')
        number = rest.split(" ")[0]
        if file.replace("\\", "/").endswith(test.path) and number.isdigit():
            return int(number)
    return 0


def _start_failure(outcome: Outcome) -> Finding:
    """Point at what kept pytest from starting, such as a broken conftest.py."""
    path, line = "", 0
    for row in outcome.stderr.splitlines():
        file, _, rest = row.partition(":")
        number = rest.split(":")[0]
        if file.endswith(".py") and number.isdigit():
            path, line = file.replace("\\", "/"), int(number)
    return Finding(
        tool="pytest",
        rule="test-error",
        message=outcome.tail(20) or outcome.ending(),
        path="" if Path(path).is_absolute() else path,
        line=line,
    )
