"""Run the checks of a gate in parallel, each as soon as it can start."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import partial

import msgspec

from ci_engine.changes.diff_base import DiffBase, find_diff_base
from ci_engine.checks import (
    DEPENDS_ON,
    FIXERS,
    needs_environment,
    run_check,
    runs_isolated,
)
from ci_engine.checks.accepted_findings import Acceptance, find_acceptance
from ci_engine.checks.context import Context
from ci_engine.checks.interpreter import check_interpreter
from ci_engine.checks.outcomes import (
    not_run,
    run_guarded,
    skip_offline,
    skipped,
)
from ci_engine.checks.request import GateRequest
from ci_engine.checks.rerun import rerun_command
from ci_engine.configuration.loading import Configuration
from ci_engine.configuration.settings import CheckName
from ci_engine.environments.environment import Environment
from ci_engine.environments.preparation import has_environment, prepare_environment
from ci_engine.errors import ToolError
from ci_engine.findings.baseline import Baseline, judge, read_baseline
from ci_engine.findings.fingerprints import fingerprint_findings
from ci_engine.findings.recording import Scope, count_resolved, offer_to_shrink
from ci_engine.findings.results import (
    CheckResult,
    RunResult,
    Status,
    make_result,
    unfinished,
)
from ci_engine.findings.tracked_output import check_tracked_output
from ci_engine.monorepo.repository_paths import seen_from_top
from ci_engine.processes.activity import activity
from ci_engine.processes.programs import CanceledError
from ci_engine.processes.signals import WAIT_SECONDS, on_signals, restore
from ci_engine.processes.thread_pools import thread_pool
from ci_engine.project.output_files import directory_of_run
from ci_engine.project.repository import Project


class GateRun:
    """One run of the gate.

    Attributes:
        baseline: the accepted findings; None if the project has no baseline.
    """

    def __init__(
        self,
        project: Project,
        configuration: Configuration,
        request: GateRequest,
        variables: Mapping[str, str],
    ) -> None:
        self.variables = variables
        self.project = project
        self.configuration = configuration
        self.request = request
        self.cancel = threading.Event()
        self.interrupted = False
        self.results: dict[CheckName, CheckResult] = {}
        self.baseline = read_baseline(project.repository)
        self.acceptance = self._find_acceptance()
        self.environment: Environment | ToolError = ToolError("not prepared")
        self._finding = threading.Lock()
        self._diff_base: DiffBase | None = None
        self._prepared = False
        self._reports = request.reports
        self._isolated = self._find_isolated()

    def execute(self) -> RunResult:
        """Run all checks and judge them."""
        started = time.monotonic()
        before = on_signals(lambda _number, _frame: self.interrupt())
        output = self.project.output
        try:
            with directory_of_run(output, self.request.reports) as self._reports:
                self._run_checks()
        finally:
            restore(before)
        checks = [self.results[name] for name in self.request.checks]
        checks = [
            *check_tracked_output(self.project),
            *check_interpreter(self.request.python, self.environment),
            *self.acceptance.about(self._known()),
            *checks,
        ]
        result = self._result(checks)
        result.seconds = time.monotonic() - started
        result.notes = self._notes(checks)
        return result

    def unfinished(self) -> RunResult:
        """The content of the reports until the run is complete."""
        return self._result(unfinished(self.request.checks))

    def _result(self, checks: list[CheckResult]) -> RunResult:
        for check in checks:
            check.tier = self.request.tier
            check.blocking = check.blocking and not self.request.advisory
        result = make_result("gate", checks)
        result.tier, result.package = self.request.tier, self.request.package
        result.advisory = self.request.advisory
        environment = self.environment
        if isinstance(environment, Environment):
            result.python = environment.probe.python
            because = f"; {environment.substitute}" if environment.substitute else ""
            result.environment = f"{environment.name}{because}"
        return result

    @property
    def scope(self) -> Scope:
        """The checked part of the repository."""
        prefix = self.project.prefix
        return Scope(prefix, tuple(f"{prefix}{path}/" for path in self.request.inner))

    def _notes(self, checks: Sequence[CheckResult]) -> list[str]:
        """Suggest removing resolved findings from the baseline."""
        if self.baseline is None or self.request.paths or self.request.partial:
            return []
        number = count_resolved(self.baseline, checks, self.scope)
        package = f" --package {self.request.package}" if self.request.package else ""
        command = f"ci-framework/ci gate{package} --baseline write"
        return offer_to_shrink(number, command)

    def interrupt(self) -> None:
        """Cancel the run; checks that did not finish are reported as not run."""
        self.interrupted = True
        self.cancel.set()

    def _run_checks(self) -> None:
        """Start the checks that can start, and finish ended ones in this thread."""
        waiting = list(self.request.checks)
        running: set[Future[Callable[[], None]]] = set()
        with thread_pool(8) as pool:
            if any(self._needs_environment(name) for name in waiting):
                running.add(pool.submit(self._prepare))
            else:
                self._prepared = True
            while waiting or running:
                for name in [name for name in waiting if self._may_start(name)]:
                    waiting.remove(name)
                    running.add(pool.submit(self._run_one, name))
                done, running = wait(running, WAIT_SECONDS, FIRST_COMPLETED)
                for future in done:
                    future.result()()

    def _may_start(self, name: CheckName) -> bool:
        if self.cancel.is_set():
            return True
        needed = DEPENDS_ON.get(name)
        if needed in self.request.checks and needed not in self.results:
            return False
        if self.request.fix and not self._follows_fixers(name):
            return False
        return self._prepared or not self._needs_environment(name)

    def _follows_fixers(self, name: CheckName) -> bool:
        """Whether no fixer can still change files; fixers run first, one at a time."""
        checks = self.request.checks
        first = [fixer for fixer in FIXERS if fixer in checks and fixer != name]
        if name in FIXERS:
            first = first[: FIXERS.index(name)]
        return all(fixer in self.results for fixer in first)

    def _needs_environment(self, name: CheckName) -> bool:
        without = name in self.request.left_out or name in self._isolated
        # The tests of shards ran elsewhere.
        without = without or self.request.combined is not None
        return not without and needs_environment(name, self.configuration.settings)

    def _find_isolated(self) -> frozenset[CheckName]:
        """The checks that can run without the environment, if no other one needs it."""
        settings = self.configuration.settings
        names = [n for n in self.request.checks if needs_environment(n, settings)]
        alone = all(runs_isolated(name, self.project, settings) for name in names)
        if not alone or self.request.prepare or has_environment(self.project):
            return frozenset()
        return frozenset(names)

    def _prepare(self) -> Callable[[], None]:
        try:
            with activity("preparing the environment"):
                self.environment = self._prepare_environment()
        except ToolError as error:
            self.environment = error
        except CanceledError:
            self.environment = ToolError("the run was canceled")
        return self._start_others

    def _start_others(self) -> None:
        self._prepared = True

    def _prepare_environment(self) -> Environment:
        request = self.request
        if request.prepare is not None:
            return request.prepare(self.cancel)
        environments = self.configuration.settings.environments
        return prepare_environment(
            self.project,
            environments,
            request.tier,
            request.python,
            self.cancel,
            resolution=request.resolution,
        )

    def _run_one(self, name: CheckName) -> Callable[[], None]:
        def run() -> CheckResult:
            if self.cancel.is_set():
                raise CanceledError
            if name in self.request.left_out:
                return skipped(self.request.left_out[name])
            with activity(name), skip_offline(allowed=self.request.allow_offline):
                return run_check(self._context(name))

        return partial(self._finish, name, run_guarded(name, run, self._canceled))

    def _context(self, name: CheckName) -> Context:
        tier = self.configuration.tiers.tiers[self.request.tier]
        return Context(
            project=self.project,
            environment=self.environment,
            cancel=self.cancel,
            check=name,
            settings=self.configuration.settings,
            request=self.request,
            reports=self._reports,
            diff_base=self.diff_base,
            baseline=None if self.request.baseline == "write" else self.baseline,
            hypothesis_examples=tier.hypothesis_examples,
            earlier=dict(self.results),
            variables=self.variables,
        )

    def diff_base(self) -> DiffBase:
        """Find the diff base of the change, once for all checks."""
        with self._finding:
            if self._diff_base is None:
                root, since = self.project.root, self.request.since
                self._diff_base = find_diff_base(root, since, self.variables)
            return self._diff_base

    def _canceled(self) -> CheckResult:
        if self.interrupted:
            return not_run("interrupted: the run was canceled")
        return skipped("--fail-fast: an earlier check failed")

    def _finish(self, name: CheckName, result: CheckResult) -> None:
        result.blocking = self.configuration.settings.checks[name].blocking
        if self.request.combined is None or name != "test":
            # The paths that shards report are relative to the root already.
            seen_from_top(self.project, result)
        top = self.project.repository
        result.findings = fingerprint_findings(top, result.findings)
        known = self._known()
        judge(result, known, self.acceptance.before(known))
        if name in self._isolated and result.status is not Status.SKIPPED:
            tool = result.tool.partition(" ")[0]
            text = f"the project has no environment yet: ci-framework's {tool} ran"
            result.notes.append(text)
        result.rerun = rerun_command(name, result, self.request, self.project.prefix)
        self.results[name] = result
        self.request.on_result(result)
        stops = result.status in (Status.FAILED, Status.TIMED_OUT)
        writes = self.request.baseline == "write"
        if self.request.fail_fast and stops and result.blocking and not writes:
            self.cancel.set()

    def _find_acceptance(self) -> Acceptance:
        """What the base of the change accepts, if there is a baseline."""
        if self.request.baseline == "write" or self.baseline is None:
            return Acceptance()
        top = self.project.repository
        return find_acceptance(top, self.request.since, self.variables)

    def _known(self) -> Baseline | None:
        """The baseline; its coverage applies to the whole repository only."""
        if self.request.baseline == "write" or self.baseline is None:
            return None
        if not self.project.prefix:
            return self.baseline
        return msgspec.structs.replace(self.baseline, coverage=None)
