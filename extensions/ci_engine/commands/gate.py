"""``ci gate``: run the checks of a tier and give one verdict."""

from __future__ import annotations

import os
import shlex
import threading
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import FrameType

import msgspec

from ci_engine import __version__
from ci_engine.changes.diff_base import DiffBase, find_diff_base
from ci_engine.checks import DEPENDS_ON, FIXERS, needs_environment, run_check
from ci_engine.checks.context import Context
from ci_engine.checks.outcomes import not_run, run_guarded, skipped
from ci_engine.checks.request import GateRequest
from ci_engine.configuration.loading import Configuration
from ci_engine.configuration.settings import CheckName
from ci_engine.environments.environment import Environment
from ci_engine.environments.preparation import prepare_environment
from ci_engine.errors import ToolError, UsageError
from ci_engine.findings.baseline import Baseline, judge, read_baseline
from ci_engine.findings.fingerprints import fingerprint_findings
from ci_engine.findings.recording import Scope, count_resolved, record, write
from ci_engine.findings.results import (
    CheckResult,
    Finding,
    RunResult,
    Status,
    Verdict,
    verdict_of,
)
from ci_engine.findings.tracked_output import check_tracked_output
from ci_engine.monorepo.repository_paths import seen_from_top
from ci_engine.processes.programs import CanceledError
from ci_engine.processes.signals import on_signals, restore
from ci_engine.project.output_files import prepare_directory
from ci_engine.project.repository import Project
from ci_engine.reports.publishing import publish, write_reports

__all__ = ["GateRequest", "run_gate"]

# With more failing tests than this, the command to repeat is the whole check.
_MOST_TESTS_NAMED = 5


def run_gate(
    project: Project, configuration: Configuration, request: GateRequest
) -> RunResult:
    """Run the checks, write the reports and return the result.

    The reports say "interrupted" from the start and are replaced at the end, so
    that a run which is killed never leaves the reports of an earlier one.

    Raises:
        ToolError: if the reports cannot be written.
        ConfigurationError: if the baseline cannot be read.
        UsageError: if --since is not here, or the baseline may not be written.
    """
    _refuse(request)
    prepare_directory(request.reports, project.output)
    write_reports(_unfinished(request), request.reports)
    run = _Run(project, configuration, request)
    if request.since and run.start().commit is None:
        raise UsageError(
            run.start().reason,
            hint="name a commit, branch or tag that `git log` knows",
        )
    result = run.execute()
    if request.baseline == "write":
        # What was found is told even where it may not be recorded.
        write_reports(result, request.reports)
        _write_baseline(project, result, run.baseline, run.scope, grow=request.grow)
    write_reports(result, request.reports)
    publish(result, request.reports)
    return result


def _refuse(request: GateRequest) -> None:
    """Refuse options that contradict each other.

    Raises:
        UsageError: if there are any.
    """
    if request.baseline == "write" and request.paths:
        raise UsageError(
            "--baseline write: a run of some paths does not see what is elsewhere",
            hint="run it without paths; --only limits it to some checks",
        )
    if request.baseline == "write" and request.decision is not None:
        raise UsageError(
            "--baseline write: a run of some tests does not see what is elsewhere",
            hint="run it without --affected",
        )
    if request.decision is not None and request.paths:
        raise UsageError("--affected: found paths as well; allowed: one of both")
    if request.grow and request.baseline != "write":
        raise UsageError("--grow: only together with --baseline write")


def _write_baseline(
    project: Project,
    result: RunResult,
    old: Baseline | None,
    scope: Scope,
    *,
    grow: bool,
) -> None:
    """Record what is red, then judge the run by what was recorded.

    Raises:
        UsageError: if something may not be recorded.
    """
    new, kept = record(result.checks, old, scope)
    changed = write(project.repository, old, new, grow=grow)
    for check in result.checks:
        judge(check, new)
    result.verdict = verdict_of(result.checks)
    result.notes = [f"ci-framework/project/baseline.json: {changed}", *kept]


def _unfinished(request: GateRequest) -> RunResult:
    reason = "interrupted: the run did not come to its end"
    checks = [
        CheckResult(id=name, tier=request.tier, status=Status.NOT_RUN, reason=reason)
        for name in request.checks
    ]
    return RunResult(
        command="gate",
        verdict=Verdict.ERROR,
        python="",
        checks=checks,
        framework=__version__,
        tier=request.tier,
        package=request.package,
    )


class _Run:
    """One run of the gate."""

    def __init__(
        self, project: Project, configuration: Configuration, request: GateRequest
    ) -> None:
        self.project = project
        self.configuration = configuration
        self.request = request
        self.cancel = threading.Event()
        self.interrupted = False
        self.results: dict[CheckName, CheckResult] = {}
        self.baseline = read_baseline(project.repository)
        self.environment: Environment | ToolError = ToolError("not prepared")
        self._asking = threading.Lock()
        self._start: DiffBase | None = None

    def execute(self) -> RunResult:
        """Run everything and judge it."""
        started = time.monotonic()
        before = on_signals(self.interrupt)
        try:
            self._run_checks()
        finally:
            restore(before)
        checks = [self.results[name] for name in self.request.checks]
        tracked = check_tracked_output(self.project, self.request.tier)
        checks = [*tracked, *self._python_check(), *checks]
        environment = self.environment
        return RunResult(
            command="gate",
            verdict=verdict_of(checks),
            python=_python_of(environment),
            checks=checks,
            framework=__version__,
            tier=self.request.tier,
            environment=_name_of(environment),
            seconds=time.monotonic() - started,
            notes=self._notes(checks),
            package=self.request.package,
        )

    @property
    def scope(self) -> Scope:
        """The part of the repository that is looked at."""
        siblings, prefix = self.request.siblings, self.project.prefix
        inner = siblings.inner if siblings is not None else ()
        return Scope(prefix, tuple(f"{prefix}{path}" for path in inner))

    def _notes(self, checks: Sequence[CheckResult]) -> list[str]:
        """Offer to shrink the baseline when known findings are gone."""
        if self.baseline is None or self.request.paths or self.request.partial:
            return []
        number = count_resolved(self.baseline, checks, self.scope)
        package = f" --package {self.request.package}" if self.request.package else ""
        command = f"ci-framework/ci gate{package} --baseline write"
        text = f"{number} known findings are gone: `{command}` shrinks the baseline"
        return [text] if number else []

    def interrupt(self, number: int, frame: FrameType | None) -> None:
        """Call the run off; what did not finish is reported as not run."""
        del number, frame
        self.interrupted = True
        self.cancel.set()

    def _run_checks(self) -> None:
        waiting = list(self.request.checks)
        running: dict[Future[CheckResult], CheckName] = {}
        prepared = not any(self._needs_environment(name) for name in waiting)
        with ThreadPoolExecutor(max_workers=8) as pool:
            while waiting or running:
                ready: list[CheckName] = [
                    name for name in waiting if self._may_start(name, prepared=prepared)
                ]
                for name in ready:
                    waiting.remove(name)
                    running[pool.submit(self._run_one, name)] = name
                if not prepared:
                    self._prepare()
                    prepared = True
                    continue
                wait(running, return_when=FIRST_COMPLETED)
                for future in [future for future in running if future.done()]:
                    self._finish(running.pop(future), future.result())

    def _may_start(self, name: CheckName, *, prepared: bool) -> bool:
        if self.cancel.is_set():
            return True
        needed = DEPENDS_ON.get(name)
        if needed in self.request.checks and needed not in self.results:
            return False
        if self.request.fix and not self._follows_fixers(name):
            return False
        return prepared or not self._needs_environment(name)

    def _follows_fixers(self, name: CheckName) -> bool:
        """Whether no tool can still change files: one at a time, before all others."""
        checks = self.request.checks
        first = [fixer for fixer in FIXERS if fixer in checks and fixer != name]
        if name in FIXERS:
            first = first[: FIXERS.index(name)]
        return all(fixer in self.results for fixer in first)

    def _needs_environment(self, name: CheckName) -> bool:
        return needs_environment(name, self.configuration.settings)

    def _prepare(self) -> None:
        settings = self.configuration.settings
        try:
            if self.request.prepare is not None:
                self.environment = self.request.prepare(self.cancel)
                return
            self.environment = prepare_environment(
                self.project,
                settings.environments,
                self.request.tier,
                self.request.python,
                self.cancel,
            )
        except ToolError as error:
            self.environment = error
        except CanceledError:
            self.environment = ToolError("the run was canceled")

    def _run_one(self, name: CheckName) -> CheckResult:
        if name in self.request.left_out:
            result = skipped(self.request.left_out[name])
            result.id = name
            return result
        context = Context(
            project=self.project,
            environment=self.environment,
            cancel=self.cancel,
            check=name,
            settings=self.configuration.settings,
            request=self.request,
            diff_base=self.start,
            baseline=None if self.request.baseline == "write" else self.baseline,
            hypothesis_examples=self._hypothesis_examples(),
            earlier=dict(self.results),
        )

        def run() -> CheckResult:
            if self.cancel.is_set():
                raise CanceledError
            return run_check(context)

        return run_guarded(name, run, self._canceled)

    def start(self) -> DiffBase:
        """Where the change started, found out once for all checks that ask."""
        with self._asking:
            if self._start is None:
                self._start = find_diff_base(
                    self.project.root, self.request.since, os.environ
                )
            return self._start

    def _hypothesis_examples(self) -> int:
        tiers = self.configuration.tiers.tiers
        return tiers[self.request.tier].hypothesis_examples

    def _canceled(self) -> CheckResult:
        if self.interrupted:
            return not_run("interrupted: the run was canceled")
        return skipped("--fail-fast: an earlier check failed")

    def _finish(self, name: CheckName, result: CheckResult) -> None:
        result.tier = self.request.tier
        result.blocking = self.configuration.settings.checks[name].blocking
        seen_from_top(self.project, result)
        top = self.project.repository
        result.findings = fingerprint_findings(top, result.findings)
        judge(result, self._known())
        result.rerun = self._rerun(name, result)
        self.results[name] = result
        self.request.on_result(result)
        stops = result.status in (Status.FAILED, Status.TIMED_OUT)
        writes = self.request.baseline == "write"
        if self.request.fail_fast and stops and result.blocking and not writes:
            self.cancel.set()

    def _known(self) -> Baseline | None:
        """What is known to be red; how much is covered it tells of the whole only."""
        if self.request.baseline == "write" or self.baseline is None:
            return None
        if not self.project.prefix:
            return self.baseline
        return msgspec.structs.replace(self.baseline, coverage=None)

    def _rerun(self, name: CheckName, result: CheckResult) -> str:
        """The command that repeats a check, limited to the tests that failed."""
        words = ["ci-framework/ci", "gate", "--tier", self.request.tier]
        words += ["--package", self.request.package] if self.request.package else []
        words += ["--only", ",".join(filter(None, (DEPENDS_ON.get(name), name)))]
        if self.request.python:
            words += ["--python", self.request.python]
        if self.request.decision is not None:
            words += ["--affected"]
        if self.request.since:
            words += ["--since", self.request.since]
        tests = list(dict.fromkeys(f.test for f in result.findings if f.test))
        if 0 < len(tests) <= _MOST_TESTS_NAMED:
            words += ["--", *tests]
        elif self.request.paths:
            prefix = self.project.prefix
            words += ["--", *(f"{prefix}{path}" for path in self.request.paths)]
        return shlex.join(words)

    def _python_check(self) -> list[CheckResult]:
        """The matrix is real: another interpreter than the one asked for is red."""
        wanted = self.request.python
        environment = self.environment
        if not wanted or not isinstance(environment, Environment):
            return []
        found = environment.probe.python
        result = CheckResult(id="python", tier=self.request.tier, tool=found)
        if not f"{found}.".startswith(f"{wanted}."):
            result.status = Status.FAILED
            result.reason = f"Python {wanted} was asked for, {found} ran"
            result.findings = [
                Finding(tool="ci-framework", rule="python", message=result.reason)
            ]
            result.new = 1
        return [result]


def _python_of(environment: Environment | ToolError) -> str:
    return environment.probe.python if isinstance(environment, Environment) else ""


def _name_of(environment: Environment | ToolError) -> str:
    """The environment that gave the verdict, and why it was not the declared one."""
    if isinstance(environment, ToolError):
        return ""
    because = f"; {environment.substitute}" if environment.substitute else ""
    return f"{environment.name}{because}"
