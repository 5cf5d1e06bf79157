"""One run: check both sides out, prepare their environments, measure and judge."""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ci_engine.benchmarks.judging import judge
from ci_engine.benchmarks.measuring import Measuring
from ci_engine.benchmarks.revisions import checked_out
from ci_engine.benchmarks.suite_process import Side, SuiteRunner
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


class _NothingToRunError(Exception):
    """One side has no suite, or nothing that measures it."""


@dataclass
class BenchRun:
    """A run of the benchmarks of a repository.

    Attributes:
        compare_with: a commit or branch; empty = the base of the change.
        package: the package whose benchmarks are run; empty = the repository itself.
    """

    project: Project
    settings: Settings
    suite: SuiteName
    compare_with: str
    variables: Mapping[str, str]
    cancel: threading.Event
    package: str = ""

    def __post_init__(self) -> None:
        self.environment: Environment | None = None

    def find_base(self) -> DiffBase:
        """The commit that the head is compared with."""
        return find_diff_base(
            self.project.root,
            self.compare_with,
            self.variables,
            option="--compare-with",
        )

    def suite_paths(self, root: Path) -> list[str]:
        """The configured paths that a side has."""
        named = self.settings.performance.benchmark_suite
        return [path for path in named if (root / path).exists()]

    def execute(self) -> CheckResult:
        """Measure and judge."""
        try:
            return self._execute(self.find_base())
        except CanceledError:
            reason = "interrupted: the run was canceled"
            return CheckResult(id="benchmarks", status=Status.NOT_RUN, reason=reason)
        except (CommandError, _NothingToRunError) as error:
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
        _, project = self._seen(self.project)
        self._require_suite(project.root)
        git = Git(self.project.root, cancel=self.cancel)
        with checked_out(git, base.commit or "") as (base_root, head_root):
            head = self._side("head", head_root)
            self.environment = head.environment
            base_side, why = None, base.reason
            if base_root is not None:
                base_side, why = self._base(base_root)
            runner = SuiteRunner(
                self.settings.performance.budget(self.suite),
                self.settings.performance.arguments,
                self.cancel,
            )
            found = Measuring(
                runner, self.settings.performance, base_side, head
            ).measure()
        check = judge(found, self.settings.performance, self.suite)
        if base_side is None and check.status is Status.PASSED:
            check.status, check.reason = Status.SKIPPED, f"not compared: {why}"
        return self._describe(check, git, base)

    def _describe(self, check: CheckResult, git: Git, base: DiffBase) -> CheckResult:
        """Add what the times were measured with and on."""
        environment = self.environment
        assert environment is not None  # noqa: S101 - the head has one
        check.tool = _fixture(environment)
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
        """The side of the base, or why nothing can be compared with it."""
        try:
            return self._side("base", root), ""
        except (CommandError, _NothingToRunError) as error:
            return None, f"the base cannot be measured: {error}"

    def _require_suite(self, root: Path) -> None:
        if not self.suite_paths(root):
            named = ", ".join(self.settings.performance.benchmark_suite)
            raise _NothingToRunError(
                f"there is no benchmark suite ({named or 'no path is configured'}): "
                "set performance.benchmark-suite to its path"
            )

    def _seen(self, top: Project) -> tuple[PackageView | None, Project]:
        """What is measured of a checkout: a package of it, or all of it."""
        if not self.package:
            return None, top
        view = view_package(top, self.package, self.variables, {})
        return view, view.project

    def _side(self, name: str, root: Path) -> Side:
        """Prepare the environment of a side."""
        view, project = self._seen(read_project(root))
        self._require_suite(project.root)
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
        missing = _missing(environment)
        if missing:
            raise _NothingToRunError(
                f"{missing} in the environment ({environment.name}): add it to the "
                "project's dependencies for development"
            )
        return Side(name, project.root, environment, self.suite_paths(project.root))


def _missing(environment: Environment) -> str:
    """What a suite needs and the environment lacks, empty if it has everything."""
    if environment.module("pytest") is None:
        return "pytest is not"
    return "" if _fixture(environment) else "pytest-benchmark is not"


def _fixture(environment: Environment) -> str:
    """The package that measures, with its version; empty if there is none."""
    found = (name for name in _FIXTURES if name in environment.probe.modules)
    name = next(found, "")
    version = environment.version(name)
    return f"{name.replace('_', '-')} {version}".strip() if name else ""


def cpu_model() -> str:
    """The model of the processor, as far as the system names it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2] for line in lines if line.startswith("model name"))
    return next(named, "").strip() or platform.processor() or platform.machine()
