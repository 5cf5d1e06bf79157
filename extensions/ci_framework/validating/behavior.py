"""Compare a project before and after: tests, other checks, gate and scan."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from ci_framework.analysis.own_commands import own_commands
from ci_framework.validating.clones import Clone, Clones
from ci_framework.validating.comparison import Compared, compare
from ci_framework.validating.gate import Gated
from ci_framework.validating.model import (
    AdoptionFacts,
    Check,
    Outcome,
    TestTable,
    ToolRow,
    not_run,
    passed,
    timed,
)
from ci_framework.validating.own_checks import compare_own_checks
from ci_framework.validating.package_gates import judge_gates
from ci_framework.validating.red import GateFacts
from ci_framework.validating.scan import Scanned, judge_scan
from ci_framework.validating.settings import AdoptedSettings, read_settings
from ci_framework.validating.suites import (
    SuiteRun,
    command_for_tests,
    lacks_module,
    run_suite,
    shown_command,
)
from ci_framework.validating.test_environment import (
    Prepared,
    Recipe,
    decide,
    prepare,
    widen,
)

# Why a check did not run that needs another one.
NO_ENVIRONMENT = "there is no environment to run them in"
NO_BASELINE = "the gate failed: there is no baseline to add to"
BEHAVIOR_CHECKS = ("environments", "tests", "own-checks", "gate", "scan")


@dataclass
class Behavior:
    """The results of all runs."""

    checks: list[Check] = field(default_factory=list[Check])
    tests: TestTable | None = None
    tools: list[ToolRow] = field(default_factory=list[ToolRow])
    gate: Gated | None = None
    scan: Scanned | None = None

    @property
    def red_today(self) -> list[str]:
        """Findings before and after that no baseline may contain."""
        of_gate = self.gate.red_today if self.gate else []
        of_scan = self.scan.red_today if self.scan else []
        return [*of_gate, *of_scan]

    @property
    def baseline(self) -> bytes | None:
        """The baseline of existing findings, None if none is needed."""
        if self.gate is None or self.gate.outcome.status == "failed":
            return None
        if self.scan is None or self.scan.outcome.status == "failed":
            return self.gate.baseline
        return self.scan.baseline or self.gate.baseline


@dataclass
class _Ready:
    """The environments of both clones, and how they were created."""

    settings: AdoptedSettings
    recipe: Recipe
    before: Prepared
    after: Prepared


@dataclass
class _Stage:
    """The two clones, and the results so far."""

    clones: Clones
    adoption: AdoptionFacts
    timeout: float
    report: Callable[[str], None]
    ready: _Ready | None = None
    compared: Compared | None = None
    facts: GateFacts | None = None
    seen: Behavior = field(default_factory=Behavior)


def observe(
    clones: Clones,
    adoption: AdoptionFacts,
    timeout: float,
    report: Callable[[str], None],
) -> Behavior:
    """Run the project's commands in both clones, after the user agreed."""
    stage = _Stage(clones, adoption, timeout, report)
    steps = (_environments, _tests, _own_checks, _gate, _scan)
    for name, step in zip(BEHAVIOR_CHECKS, steps, strict=True):
        check = timed(name, "behavior", partial(step, stage))
        stage.seen.checks.append(check)
        report(f"{name}: {check.status}: {check.reason}")
    return stage.seen


def _environments(stage: _Stage) -> Outcome:
    """Create the environments of both clones in the same way."""
    started = time.monotonic()
    settings = read_settings(stage.clones.adopted.root)
    recipe = decide(stage.clones.base, settings)
    stage.report("preparing the environment of the base commit")
    before = prepare(stage.clones.base, recipe)
    stage.report("preparing the environment of the adopted commit")
    after = prepare(stage.clones.adopted, recipe)
    stage.ready = _Ready(settings, recipe, before, after)
    pythons = (before.environment.probe.python, after.environment.probe.python)
    if pythons[0] != pythons[1]:
        reason = f"Python {pythons[0]} before, {pythons[1]} after: not comparable"
        return not_run(reason, [*before.notes, *after.notes])
    seconds = time.monotonic() - started
    notes = list(dict.fromkeys([*before.notes, *after.notes]))
    if (stage.clones.base.root / ".gitmodules").is_file():
        notes.append(
            "submodules are not in the clones: tests that need them fail in both"
        )
    return passed(f"Python {pythons[0]} for both, created in {seconds:.0f} s", notes)


def _tests(stage: _Stage) -> Outcome:
    """Run the tests in both clones and compare them one by one."""
    ready = stage.ready
    if ready is None:
        return not_run(NO_ENVIRONMENT)
    before = _run_base(stage, ready)
    words = command_for_tests(ready.settings.test, ready.before.environment)
    # Without a base there is nothing to compare: do not run tests for half an hour.
    after = before if before.problem else _run(stage, ready, stage.clones.adopted)

    def again() -> tuple[SuiteRun, SuiteRun]:
        stage.report("the runs differ: running both once more to recognize flaky tests")
        return _run(stage, ready, stage.clones.base), _run(
            stage, ready, stage.clones.adopted
        )

    stage.compared = compare(shown_command(words), before, after, again)
    stage.seen.tests = stage.compared.table
    return stage.compared.outcome


def _run_base(stage: _Stage, ready: _Ready) -> SuiteRun:
    """Run the tests of the base commit; if they lack a module, extend both clones."""
    run = _run(stage, ready, stage.clones.base)
    if lacks_module(run) and ready.recipe.more:
        stage.report(
            "tests lack a module: installing what the project names for development"
        )
        ready.before = widen(ready.before, ready.recipe)
        ready.after = widen(ready.after, ready.recipe)
        run = _run(stage, ready, stage.clones.base)
    return run


def _run(stage: _Stage, ready: _Ready, clone: Clone) -> SuiteRun:
    base = clone is stage.clones.base
    stage.report(f"running the tests of the {'base' if base else 'adopted'} commit")
    environment = (ready.before if base else ready.after).environment
    words = command_for_tests(ready.settings.test, environment)
    return run_suite(clone, environment, words, stage.timeout)


def _own_checks(stage: _Stage) -> Outcome:
    """Run the linters in the project's CI and tasks."""
    if stage.ready is None:
        return not_run(NO_ENVIRONMENT)
    outcome, rows = compare_own_checks(
        own_commands(stage.adoption.inventory),
        (stage.clones.base, stage.ready.before.environment),
        (stage.clones.adopted, stage.ready.after.environment),
    )
    stage.seen.tools = rows
    return outcome


def _gate(stage: _Stage) -> Outcome:
    """Run the gate at the answered tier."""
    compared = stage.compared
    known = compared is not None and compared.table is not None
    stage.report("running the gate of the adopted commit")
    stage.facts = GateFacts(
        clones=stage.clones,
        adoption=stage.adoption,
        settings=read_settings(stage.clones.adopted.root).variables,
        red_tests=compared.red if known and compared else None,
        timeout=stage.timeout,
    )
    stage.seen.gate = judge_gates(stage.facts, stage.report)
    return stage.seen.gate.outcome


def _scan(stage: _Stage) -> Outcome:
    """Run the scan at the answered level."""
    gate = stage.seen.gate
    if stage.facts is None or (gate and gate.outcome.status == "failed"):
        return not_run(NO_BASELINE)
    stage.report("scanning the adopted commit")
    stage.seen.scan = judge_scan(stage.facts, gate.baseline if gate else None)
    return stage.seen.scan.outcome
