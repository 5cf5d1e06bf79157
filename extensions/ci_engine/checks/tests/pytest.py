"""Run the tests with the project's own pytest and measure coverage."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from ci_engine.checks.context import Context
from ci_engine.checks.outcomes import not_run, skipped
from ci_engine.checks.own_command import run_own_command
from ci_engine.checks.sources import FRAMEWORK_DIRECTORY, text_of
from ci_engine.checks.tests.combined_coverage import combine_coverage
from ci_engine.checks.tests.combined_shards import ShardGroup, combine_tests
from ci_engine.checks.tests.coverage import (
    COVERAGE_NOTE,
    OUTPUT_NAME,
    REPORT_NAME,
    XML_NAME,
    is_measured,
    pytest_cov_variables,
    report_coverage,
    source_paths,
)
from ci_engine.checks.tests.needed_services import find_services
from ci_engine.checks.tests.pytest_events import read_events
from ci_engine.checks.tests.pytest_verdict import judge_run, without_events
from ci_engine.checks.tests.shard import write_record
from ci_engine.checks.workspace import Tool
from ci_engine.configuration.tables import table
from ci_engine.environments import inside
from ci_engine.environments.environment import Environment
from ci_engine.findings.results import OWN_COMMAND, CheckResult, Status
from ci_engine.processes.child_environment import MEASURING
from ci_engine.processes.leftovers import MARK_VARIABLE, inner_mark
from ci_engine.processes.programs import STACK_VARIABLE
from ci_engine.project.output_files import write_text

_EVENTS_NAME = "pytest-events.jsonl"
_SELECTION_NAME = "pytest-selection.json"
_SHARD_NAME = "pytest-shard.json"
_DATA_NAME = ".coverage"


def check(context: Context) -> CheckResult:
    """Run the tests; their results count, not only the exit code of pytest."""
    request = context.request
    if request.combined is not None:
        return _combine(context, request.combined)
    environment = context.prepared
    if request.paths and not context.given_tests:
        return skipped("none of the given paths contains tests")
    if request.decision is not None and request.decision.tests.mode == "none":
        return skipped("no test depends on what changed")
    for stale in (REPORT_NAME, XML_NAME, _DATA_NAME, OUTPUT_NAME):
        (context.request.reports / stale).unlink(missing_ok=True)
    services = find_services(context, os.environ)
    if services.failure:
        return CheckResult(status=Status.FAILED, reason=services.failure)
    # A new directory cannot contain data of another run.
    data = Path(tempfile.mkdtemp(prefix="coverage-", dir=context.reports))
    try:
        result = _run_tests(context, environment, data / _DATA_NAME, services.variables)
        services.judge(result)
        return result
    finally:
        if (data / _DATA_NAME).is_file():
            (data / _DATA_NAME).replace(context.reports / _DATA_NAME)
        shutil.rmtree(data, ignore_errors=True)


def _combine(context: Context, group: ShardGroup) -> CheckResult:
    """Judge the tests of all shards, and merge their coverage."""
    result = combine_tests(group, partial=context.request.partial)
    ran = [r for r in group.reports if r.record is not None and r.record.here]
    paths = [r.directory / REPORT_NAME for r in group.reports]
    measured = [path for path in paths if path.is_file()]
    lost = [r.name for r in ran if not (r.directory / REPORT_NAME).is_file()]
    if measured and lost:
        result.notes.append(f"{COVERAGE_NOTE}{', '.join(lost)} measured nothing")
    elif measured:
        combine_coverage(measured, context.reports / REPORT_NAME)
    return result


def _run_tests(
    context: Context,
    environment: Environment,
    data: Path,
    addresses: Mapping[str, str],
) -> CheckResult:
    events = data.with_name(_EVENTS_NAME)
    own = context.own_command
    if own:
        variables = {**_variables(context, data), **addresses}
        outcome = run_own_command(context, own, variables)
        tool = Tool("test command", environment=OWN_COMMAND)
        if not events.exists():
            return without_events(outcome, divided=context.request.shard is not None)
        report_coverage(context, environment, variables)
    else:
        if not _has_tests(context):
            return skipped("this project has no tests (no test_*.py)")
        command = _command(context, environment)
        if command is None:
            reason = f"pytest is not in the environment ({environment.name})"
            return not_run(reason)
        version = environment.version("pytest")
        variables = {**environment.variables, **_variables(context, data), **addresses}
        tool = Tool("pytest", version, command, variables, environment.name)
        outcome = context.run(tool, context.given_tests)
        report_coverage(context, environment, variables)
    text = outcome.stdout + outcome.stderr
    path = context.reports / OUTPUT_NAME
    path.write_text(text, encoding="utf-8", errors="replace")
    run = read_events(events)
    events.unlink(missing_ok=True)
    if context.request.shard is not None:
        write_record(context.reports, context.request.shard, run.units)
    return judge_run(context, tool, outcome, run)


def _variables(context: Context, data: Path) -> dict[str, str]:
    """Variables that make pytest load our plugin, even if another program starts it."""
    plugin = str(inside.DIRECTORY / "pytest_plugin")
    python_path = os.environ.get("PYTHONPATH", "")
    selection = _write_selection(context, data.with_name(_SELECTION_NAME))
    shard = context.request.shard
    plan = shard.write_plan(data.with_name(_SHARD_NAME)) if shard else None
    # Tests of a nested package belong to that package.
    others = [
        f"--ignore={context.project.root / path}"
        for path in (*context.request.inner, FRAMEWORK_DIRECTORY)
    ]
    addopts = shlex.join(("-p", "ci_framework_pytest", *others))
    measuring = {k: os.environ[k] for k in MEASURING if k in os.environ}
    return {
        **measuring,
        **pytest_cov_variables(context),
        **({"CI_ENGINE_PYTEST_SELECTION": str(selection)} if selection else {}),
        **({"CI_ENGINE_PYTEST_SHARD": str(plan)} if plan else {}),
        MARK_VARIABLE: inner_mark(context.reports.name, os.environ),
        STACK_VARIABLE: str(data.with_name(_EVENTS_NAME)),
        "CI_ENGINE_PYTEST_DEADLINE": f"{time.time() + context.timeout:.2f}",
        "CI_ENGINE_HYPOTHESIS_EXAMPLES": str(context.hypothesis_examples),
        "CI_ENGINE_ROOT": str(context.project.root),
        "COVERAGE_FILE": str(data),
        "PYTEST_ADDOPTS": f"{addopts} {os.environ.get('PYTEST_ADDOPTS', '')}".strip(),
        "PYTHONPATH": os.pathsep.join(filter(None, (plugin, python_path))),
    }


def _write_selection(context: Context, path: Path) -> Path | None:
    """Write the tests to skip, and those to run first, for our plugin."""
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
    """Whether pytest may collect anything."""
    tests = tuple(f"{path.rstrip('/')}/" for path in context.settings.test_paths)
    files = (path for path in context.project.files if path.suffix == ".py")
    return _own_collection(context) or any(
        path.name.startswith("test_")
        or path.name.endswith("_test.py")
        # The path may be wrong: pytest then finds nothing, which is not success.
        or (_lies_below(context.project.relative(path), tests) and _defines_tests(path))
        for path in files
    )


def _lies_below(name: str, places: tuple[str, ...]) -> bool:
    return f"{name}/".startswith(places)


def _defines_tests(path: Path) -> bool:
    text = path.read_bytes()
    return (
        re.search(rb"^\s*(async )?def test|^class Test", text, re.MULTILINE) is not None
    )


def _own_collection(context: Context) -> bool:
    """Whether settings, not only file names, control what pytest collects here."""
    files = ("pytest.toml", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg")
    texts = [text_of(context.project, name) for name in files]
    texts.append(str(table(context.project.pyproject, "tool", "pytest")))
    return bool(context.request.paths) or any(
        "python_files" in text or "doctest" in text for text in texts
    )


def _program(environment: Environment) -> str:
    """The script of the program, empty if it is not a Python script.

    It is run by our choice of interpreter, which its first line may not name.
    """
    path = Path(environment.probe.programs.get("pytest", ""))
    script = path.read_bytes() if path.is_file() else b""
    return str(path) if script.startswith(b"#!") and b"import" in script else ""


def _command(context: Context, environment: Environment) -> tuple[str, ...] | None:
    """The command that runs pytest, with coverage if it is available here.

    The script, as `python -m` would let tests import from the current directory.
    """
    module = environment.module("pytest")
    if module is None:
        return None
    program = _program(environment)
    coverage = environment.module("coverage")
    measured = "pytest_cov" in environment.probe.modules
    if measured or not is_measured(context) or coverage is None:
        python = (*environment.prefix, environment.probe.executable)
        return (*((*python, program) if program else module), "--color=no")
    sources = ",".join(source_paths(context, environment))
    source = (f"--source={sources}",) if sources else ()
    started = (program,) if program else ("-m", "pytest")
    return (*coverage, "run", *source, *started, "--color=no")
