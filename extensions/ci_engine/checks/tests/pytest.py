"""Run the tests with the project's own pytest and measure coverage."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

from ci_engine.checks.context import Context, Tool, not_run, not_run_because, skipped
from ci_engine.checks.own_command import run_own_command
from ci_engine.checks.tests.coverage import REPORT_NAME
from ci_engine.checks.tests.coverage_reports import (
    XML_NAME,
    framework_patterns,
    report_coverage,
)
from ci_engine.checks.tests.pytest_events import TestRun, named_locations, read_events
from ci_engine.configuration.reading import Table
from ci_engine.environments import inside
from ci_engine.environments.environment import MEASURING, Environment
from ci_engine.findings.results import CheckResult, Finding, Status, TestCase
from ci_engine.processes.programs import Outcome
from ci_engine.project.output_files import write_text

__all__ = ["check"]

_EVENTS_NAME = "pytest-events.jsonl"
_SELECTION_NAME = "pytest-selection.json"
_OUTPUT_NAME = "pytest-output.txt"
_DATA_NAME = ".coverage"
# What pytest ends with when nothing failed: all passed, or there was no test.
_GOOD_CODES = (0, 5)


def check(context: Context) -> CheckResult:
    """Run the tests; what pytest reported decides, never its exit code alone."""
    environment = context.environment
    if not isinstance(environment, Environment):
        return not_run_because("test", environment)
    if context.paths and not context.given_tests:
        return skipped("test", "none of the given paths holds tests")
    if context.tests is not None and context.tests.mode == "none":
        return skipped("test", "no test depends on what changed")
    for stale in (REPORT_NAME, XML_NAME, _DATA_NAME, _OUTPUT_NAME):
        (context.reports / stale).unlink(missing_ok=True)
    # Data of another run cannot get into a directory that is made now.
    data = Path(tempfile.mkdtemp(prefix="coverage-", dir=context.reports))
    try:
        return _run_tests(context, environment, data / _DATA_NAME)
    finally:
        if (data / _DATA_NAME).is_file():
            (data / _DATA_NAME).replace(context.reports / _DATA_NAME)
        shutil.rmtree(data, ignore_errors=True)


def _run_tests(context: Context, environment: Environment, data: Path) -> CheckResult:
    events = data.with_name(_EVENTS_NAME)
    own = context.own_command("test")
    if own:
        options = _coverage_options(context, environment)
        variables = _variables(context, data, options)
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
        variables = {**environment.variables, **_variables(context, data, ())}
        tool = Tool("pytest", version, command, variables, environment.name)
        outcome = context.run("test", tool, context.given_tests)
        report_coverage(context, environment, variables)
    _keep_output(context, outcome)
    run = read_events(events)
    events.unlink(missing_ok=True)
    return _judge(context, tool, outcome, run)


def _variables(
    context: Context, data: Path, options: tuple[str, ...]
) -> dict[str, str]:
    """Make pytest load our plugin, also when another program starts it."""
    plugin = str(inside.DIRECTORY / "pytest_plugin")
    python_path = os.environ.get("PYTHONPATH", "")
    selection = _write_selection(context, data.with_name(_SELECTION_NAME))
    # The tests of a package inside of this one are tests of that one.
    others = [f"--ignore={context.project.root / path}" for path in context.inner]
    words = shlex.join(("-p", "ci_framework_pytest", *options, *others))
    measuring = {k: os.environ[k] for k in MEASURING if k in os.environ}
    return {
        **measuring,
        **({"CI_ENGINE_PYTEST_SELECTION": str(selection)} if selection else {}),
        "CI_ENGINE_PYTEST_EVENTS": str(data.with_name(_EVENTS_NAME)),
        "CI_ENGINE_PYTEST_DEADLINE": f"{time.time() + context.timeout('test'):.2f}",
        "CI_ENGINE_HYPOTHESIS_EXAMPLES": str(context.hypothesis_examples),
        "CI_ENGINE_ROOT": str(context.project.root),
        "CI_ENGINE_COVERAGE_OMIT": "\n".join(framework_patterns(context)),
        "COVERAGE_FILE": str(data),
        "PYTEST_ADDOPTS": f"{words} {os.environ.get('PYTEST_ADDOPTS', '')}".strip(),
        "PYTHONPATH": os.pathsep.join(filter(None, (plugin, python_path))),
    }


def _write_selection(context: Context, path: Path) -> Path | None:
    """Tell our plugin what to leave out, and what to run first."""
    tests = context.tests
    if tests is None or not tests.paths:
        return None
    left_out = context.affected.left_out if context.partial else []
    told = {
        "root": str(context.project.root),
        "left-out": left_out,
        "first": [] if context.partial else tests.paths,
    }
    write_text(path, json.dumps(told))
    return path


def _has_tests(context: Context) -> bool:
    """Whether there is anything that pytest might collect."""
    tests = tuple(f"{path.rstrip('/')}/" for path in context.settings.test_paths)
    files = (path for path in context.project.files if path.suffix == ".py")
    return _own_collection(context) or any(
        path.name.startswith("test")
        or path.name.endswith("_test.py")
        or context.project.relative(path).startswith(tests)
        for path in files
    )


def _own_collection(context: Context) -> bool:
    """Whether names alone do not tell what pytest collects here."""
    tool = context.project.pyproject.get("tool")
    tools = cast("Table", tool) if isinstance(tool, dict) else {}
    files = ("pytest.toml", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg")
    texts = [_read(context.project.root / name) for name in files]
    texts.append(str(tools.get("pytest")))
    return bool(context.paths) or any(
        "python_files" in text or "doctest" in text for text in texts
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
    xml = f"--cov-report=xml:{context.reports / XML_NAME}"
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
    if isinstance(run, dict) and {"source", "source_dirs", "source_pkgs"} & set(
        cast("Table", run)
    ):
        return True
    text = _read(context.project.root / ".coveragerc")
    return re.search(r"^\s*source(_pkgs|_dirs)?\s*[=:]", text, re.MULTILINE) is not None


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


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
        result.reason = outcome.describe_exit()
    return result


def _judge(context: Context, tool: Tool, outcome: Outcome, run: TestRun) -> CheckResult:
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
        notes=run.notes,
    )
    if outcome.timed_out:
        result.status = Status.TIMED_OUT
        result.reason = f"killed after {outcome.seconds:.0f} s{_where(run)}"
        result.findings += _unfinished(run, "did not end in time")
        result.findings += [] if run.running else _stood(context, run)
    elif not run.finished:
        result.status = Status.FAILED
        result.reason = f"pytest did not come to its end: {outcome.describe_exit()}"
        result.findings += _unfinished(run, outcome.describe_exit())
        result.findings += [] if result.findings else [_start_failure(context, outcome)]
    elif findings:
        result.status = Status.FAILED
    elif run.running:
        result.status = Status.FAILED
        result.reason = f"pytest ended before its test did{_where(run)}"
        result.findings += _unfinished(run, "never ended")
    elif context.partial and run.count("skipped") == len(run.tests):
        # Other options may leave them out as well: nothing failed, nothing is hidden.
        result.status = Status.SKIPPED
        result.reason = "every test that depends on what changed was skipped"
    elif not run.tests:
        result.status = Status.FAILED
        result.reason = "no tests were collected"
    elif run.count("skipped") == len(run.tests):
        result.status = Status.FAILED
        result.reason = f"all {len(run.tests)} tests were skipped: nothing was tested"
    elif len(run.tests) < run.collected:
        result.status = Status.FAILED
        result.reason = f"only {len(run.tests)} of {run.collected} collected tests ran"
    elif outcome.code != 0 or run.code not in _GOOD_CODES:
        result.status = Status.FAILED
        code = f"exit code {run.code}" if outcome.code == 0 else outcome.describe_exit()
        result.reason = f"{tool.name}: {code}"
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


def _stood(context: Context, run: TestRun) -> list[Finding]:
    """Where the project's code stood while no test ran, for example in an import."""
    for path, line in _own_locations(context, _frames(run.stack)):
        return [
            Finding(
                tool="pytest",
                rule="test-unfinished",
                message=f"did not end in time\n{run.stack}",
                path=path,
                line=line,
            )
        ]
    return []


def _own_locations(
    context: Context, locations: Iterable[tuple[str, int]]
) -> Iterator[tuple[str, int]]:
    """Those of the places that are in files of the project."""
    for file, line in locations:
        path = context.project.relative(file)
        foreign = path.startswith((".", "/", "<")) or "site-packages" in path
        if not foreign and not Path(path).is_absolute():
            yield path, line


def _stack_line(stack: str, test: TestCase) -> int:
    """The line of the test's own file in the stack, 0 if it is not in it."""
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
    """Point at what kept pytest from starting, such as a broken conftest.py."""
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
