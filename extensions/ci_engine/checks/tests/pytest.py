"""Run the tests with the project's own pytest and measure coverage."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import tempfile
import time
from pathlib import Path

from ci_engine.checks.context import Context
from ci_engine.checks.outcomes import not_run, skipped
from ci_engine.checks.own_command import run_own_command
from ci_engine.checks.sources import FRAMEWORK_DIRECTORY, text_of
from ci_engine.checks.tests.coverage import (
    REPORT_NAME,
    XML_NAME,
    framework_patterns,
    report_coverage,
)
from ci_engine.checks.tests.pytest_events import read_events
from ci_engine.checks.tests.pytest_verdict import judge_run, without_events
from ci_engine.checks.workspace import Tool
from ci_engine.configuration.tables import table
from ci_engine.environments import inside
from ci_engine.environments.environment import Environment
from ci_engine.findings.results import CheckResult
from ci_engine.processes.child_environment import MEASURING
from ci_engine.project.output_files import write_text

_EVENTS_NAME = "pytest-events.jsonl"
_SELECTION_NAME = "pytest-selection.json"
_OUTPUT_NAME = "pytest-output.txt"
_DATA_NAME = ".coverage"


def check(context: Context) -> CheckResult:
    """Run the tests; what pytest reported decides, never its exit code alone."""
    environment = context.prepared
    request = context.request
    if request.paths and not context.given_tests:
        return skipped("none of the given paths holds tests")
    if request.decision is not None and request.decision.tests.mode == "none":
        return skipped("no test depends on what changed")
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
    own = context.own_command
    if own:
        options = _coverage_options(context, environment)
        variables = _variables(context, data, options)
        outcome = run_own_command(context, own, variables)
        tool = Tool("test command", environment="the project's own command")
        if not events.exists():
            return without_events(outcome)
    else:
        if not _has_tests(context):
            return skipped("this project has no tests (no test_*.py)")
        command = _command(context, environment)
        if command is None:
            reason = f"pytest is not in the environment ({environment.name})"
            return not_run(reason)
        version = environment.version("pytest")
        variables = {**environment.variables, **_variables(context, data, ())}
        tool = Tool("pytest", version, command, variables, environment.name)
        outcome = context.run(tool, context.given_tests)
        report_coverage(context, environment, variables)
    text = outcome.stdout + outcome.stderr
    path = context.reports / _OUTPUT_NAME
    path.write_text(text, encoding="utf-8", errors="replace")
    run = read_events(events)
    events.unlink(missing_ok=True)
    return judge_run(context, tool, outcome, run)


def _variables(
    context: Context, data: Path, options: tuple[str, ...]
) -> dict[str, str]:
    """Make pytest load our plugin, also when another program starts it."""
    plugin = str(inside.DIRECTORY / "pytest_plugin")
    python_path = os.environ.get("PYTHONPATH", "")
    selection = _write_selection(context, data.with_name(_SELECTION_NAME))
    # The tests of a package inside of this one are tests of that one.
    others = [
        f"--ignore={context.project.root / path}"
        for path in (*context.request.inner, FRAMEWORK_DIRECTORY)
    ]
    addopts = shlex.join(("-p", "ci_framework_pytest", *options, *others))
    measuring = {k: os.environ[k] for k in MEASURING if k in os.environ}
    return {
        **measuring,
        **({"CI_ENGINE_PYTEST_SELECTION": str(selection)} if selection else {}),
        "CI_ENGINE_PYTEST_EVENTS": str(data.with_name(_EVENTS_NAME)),
        "CI_ENGINE_PYTEST_DEADLINE": f"{time.time() + context.timeout:.2f}",
        "CI_ENGINE_HYPOTHESIS_EXAMPLES": str(context.hypothesis_examples),
        "CI_ENGINE_ROOT": str(context.project.root),
        "CI_ENGINE_COVERAGE_OMIT": "\n".join(framework_patterns(context)),
        "COVERAGE_FILE": str(data),
        "PYTEST_ADDOPTS": f"{addopts} {os.environ.get('PYTEST_ADDOPTS', '')}".strip(),
        "PYTHONPATH": os.pathsep.join(filter(None, (plugin, python_path))),
    }


def _write_selection(context: Context, path: Path) -> Path | None:
    """List for our plugin what to leave out, and what to run first."""
    decision, partial = context.request.decision, context.request.partial
    if decision is None or not decision.tests.paths:
        return None
    selection = {
        "root": str(context.project.root),
        "left-out": decision.affected.left_out if partial else [],
        "first": [] if partial else decision.tests.paths,
    }
    write_text(path, json.dumps(selection))
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
    """Whether settings, not names alone, say what pytest collects here."""
    files = ("pytest.toml", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg")
    texts = [text_of(context.project, name) for name in files]
    texts.append(str(table(context.project.pyproject, "tool", "pytest")))
    return bool(context.request.paths) or any(
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
    if context.request.paths or coverage is None:
        return (*pytest, "--color=no")
    sources = ",".join(_sources(context))
    source = (f"--source={sources}",) if sources else ()
    return (*coverage, "run", *source, "-m", "pytest", "--color=no")


def _coverage_options(context: Context, environment: Environment) -> tuple[str, ...]:
    """The options of pytest-cov, if it is there."""
    if "pytest_cov" not in environment.probe.modules:
        return ()
    if context.request.paths:
        return ("--no-cov",)
    measured = tuple(f"--cov={path}" for path in _sources(context)) or ("--cov",)
    report = f"--cov-report=json:{context.reports / REPORT_NAME}"
    xml = f"--cov-report=xml:{context.reports / XML_NAME}"
    # The threshold is a check of its own; the tests are judged by themselves.
    return (*measured, "--cov-report=", report, xml, "--cov-fail-under=0")


def _sources(context: Context) -> list[str]:
    """What to measure, unless the project's coverage settings say it."""
    run = table(context.project.pyproject, "tool", "coverage", "run")
    text = text_of(context.project, ".coveragerc")
    named = {"source", "source_dirs", "source_pkgs"} & set(run) or re.search(
        r"^\s*source(_pkgs|_dirs)?\s*[=:]", text, re.MULTILINE
    )
    return [] if named else context.settings.source_paths
