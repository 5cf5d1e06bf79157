"""One benchmark run: check out both sides, prepare environments, measure, judge."""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ci_engine.benchmarks.counting import Counting, add_counts
from ci_engine.benchmarks.judging import judge
from ci_engine.benchmarks.measuring import Measuring
from ci_engine.benchmarks.profiling import Profiling
from ci_engine.benchmarks.revisions import checked_out
from ci_engine.benchmarks.sides import Side
from ci_engine.benchmarks.suite_kinds import SuiteKinds, find_kinds
from ci_engine.benchmarks.suite_process import SuiteRunner
from ci_engine.changes.diff_base import DiffBase, find_diff_base
from ci_engine.configuration.performance_settings import SuiteName
from ci_engine.configuration.settings import Settings
from ci_engine.environments.environment import Environment
from ci_engine.environments.package_environment import package_preparation
from ci_engine.environments.preparation import prepare_environment
from ci_engine.errors import CommandError, ToolError
from ci_engine.findings.results import CheckResult, Status
from ci_engine.monorepo.package_view import PackageView, view_package
from ci_engine.processes.activity import activity
from ci_engine.processes.programs import CanceledError
from ci_engine.project.git import Git
from ci_engine.project.repository import Project, read_project

_FIXTURES = ("pytest_benchmark", "pytest_codspeed")


class NothingToRunError(Exception):
    """One side has no suite, or no package that can measure it."""


@dataclass
class BenchRun:
    """A run of the benchmarks of a repository.

    Attributes:
        compare_with: a commit or branch; empty = the base of the change.
        package: the package whose benchmarks to run; empty = the repository itself.
        profiles: the directory for flame graphs; None = do not profile.
    """

    project: Project
    settings: Settings
    suite: SuiteName
    compare_with: str
    variables: Mapping[str, str]
    cancel: threading.Event
    package: str = ""
    profiles: Path | None = None

    def __post_init__(self) -> None:
        self.environment: Environment | None = None

    def find_base(self) -> DiffBase:
        """The commit to compare the head with."""
        return find_diff_base(
            self.project.root,
            self.compare_with,
            self.variables,
            option="--compare-with",
        )

    def suite_paths(self, root: Path) -> list[str]:
        """The configured paths that exist on a side."""
        named = self.settings.performance.benchmark_suite
        return [path for path in named if (root / path).exists()]

    def execute(self) -> CheckResult:
        """Measure and judge."""
        try:
            return self._execute(self.find_base())
        except CanceledError:
            reason = "interrupted: the run was canceled"
            return CheckResult(id="benchmarks", status=Status.NOT_RUN, reason=reason)
        except (CommandError, NothingToRunError) as error:
            hint = getattr(error, "hint", "")
            reason = f"{error}; {hint}" if hint else str(error)
            return CheckResult(id="benchmarks", status=Status.NOT_RUN, reason=reason)

    def _execute(self, base: DiffBase) -> CheckResult:
        git = self.project.git
        if git is None or not git.commit("HEAD"):
            raise ToolError(
                "there is no commit here: benchmarks are run in worktrees of commits",
                hint="run `git init`, commit, and run the command again",
            )
        self.require_suite(self._seen(self.project)[1].root)
        git = Git(self.project.root, cancel=self.cancel)
        with checked_out(git, base.commit or "") as (base_root, head_root):
            head = self._side("head", head_root)
            self.environment = head.environment
            base_side, why = None, base.reason
            if base_root is not None:
                base_side, why = self._base(base_root)
            check = self.measure(base_side, head, why)
        return self._describe(check, git, base)

    def measure(self, base: Side | None, head: Side, why: str) -> CheckResult:
        """Measure both sides, and judge.

        Args:
            base: the side of the base, if it can be measured.
            head: the side of the head.
            why: why the base cannot be measured.
        """
        runner = SuiteRunner(
            self.settings.performance.budget(self.suite),
            self.settings.performance.arguments,
            self.cancel,
        )
        found = Measuring(runner, self.settings.performance, base, head).measure()
        check = judge(found, self.settings.performance, self.suite)
        check.tool = _tools(head)
        if base is None and check.status is Status.PASSED:
            check.status, check.reason = Status.SKIPPED, f"not compared: {why}"
        if not found.problems:
            self._look_closer(check, runner, [base, head] if base else [head])
        return check

    def _look_closer(
        self, check: CheckResult, runner: SuiteRunner, sides: list[Side]
    ) -> None:
        """Count memory and instructions of calls, and profile them, if requested."""
        if check.comparison is None or check.status is Status.NOT_RUN:
            return
        processes = runner.budget.counting_processes
        if processes:
            counts = Counting(runner, self.project, sides).count(processes)
            add_counts(check, counts, self.settings.performance)
        if self.profiles is not None:
            profiling = Profiling(runner, self.project, sides, self.profiles)
            check.notes += profiling.profile(check.comparison)

    def _describe(self, check: CheckResult, git: Git, base: DiffBase) -> CheckResult:
        """Describe the tools and the machine of the measurements."""
        environment = self.environment
        assert environment is not None  # noqa: S101 - the head has one
        check.environment = environment.name
        prefix = self._seen(self.project)[1].prefix
        check.findings = [
            msgspec.structs.replace(each, path=f"{prefix}{each.path}")
            for each in check.findings
        ]
        if check.comparison is not None:
            check.comparison = msgspec.structs.replace(
                check.comparison,
                base=base.commit or "",
                head=git.commit("HEAD"),
                uncommitted=bool(git.read("status", "--porcelain").strip()),
                cpu=cpu_model(),
                cores=os.cpu_count() or 0,
            )
        return check

    def _base(self, root: Path) -> tuple[Side | None, str]:
        """The side of the base, or why it cannot be compared."""
        try:
            return self._side("base", root), ""
        except (CommandError, NothingToRunError) as error:
            return None, f"the base cannot be measured: {error}"

    def require_suite(self, root: Path) -> None:
        """Raise an error if a side has nothing to measure."""
        if not self.suite_paths(root):
            named = ", ".join(self.settings.performance.benchmark_suite)
            raise NothingToRunError(
                f"there is no benchmark suite ({named or 'no path is configured'}): "
                "set performance.benchmark-suite to its path"
            )

    def _seen(self, top: Project) -> tuple[PackageView | None, Project]:
        """The measured part of a checkout: a package, or all of it."""
        if not self.package:
            return None, top
        view = view_package(top, self.package, self.variables, {})
        return view, view.project

    def _side(self, name: str, root: Path) -> Side:
        """Prepare the environment of a side."""
        view, project = self._seen(read_project(root))
        self.require_suite(project.root)
        environments = self.settings.environments
        own = environments.benchmarks
        if own:
            environments = msgspec.structs.replace(environments, essential=own)
        prepare = package_preparation(view, "essential", "") if view else None
        with activity(f"preparing the environment of the {name}"):
            if prepare is not None:
                environment = prepare(self.cancel)
            else:
                environment = prepare_environment(
                    project, environments, "essential", cancel=self.cancel
                )
        paths = self.suite_paths(project.root)
        kinds = find_kinds(project.root, paths)
        self.require_packages(environment, kinds)
        return Side(name, project.root, environment, paths, kinds)

    def require_packages(self, environment: Environment, kinds: SuiteKinds) -> None:
        """Raise an error if the environment of a side cannot measure."""
        if kinds.pyperf and environment.module("pyperf") is None:
            missing = "pyperf"
        elif kinds.only_others:
            return
        elif environment.module("pytest") is None:
            missing = "pytest"
        elif not _fixture(environment):
            missing = "pytest-benchmark"
        else:
            return
        raise NothingToRunError(
            f"{missing} is not in the environment ({environment.name}): add it to the "
            "project's dependencies for development"
        )


def _fixture(environment: Environment) -> str:
    """The package that measures, with its version; empty if there is none."""
    found = (name for name in _FIXTURES if name in environment.probe.modules)
    name = next(found, "")
    version = environment.version(name)
    return f"{name.replace('_', '-')} {version}".strip() if name else ""


def _tools(side: Side) -> str:
    """The tools that measure the suites of a side."""
    parts = [_fixture(side.environment)] if side.kinds.pytest else []
    parts += ["asv suite"] if side.kinds.asv else []
    if side.kinds.pyperf:
        parts.append(f"pyperf {side.environment.version('pyperf')}".strip())
    return ", ".join(parts)


def cpu_model() -> str:
    """The model of the processor, if the system names it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2] for line in lines if line.startswith("model name"))
    return next(named, "").strip() or platform.processor() or platform.machine()
