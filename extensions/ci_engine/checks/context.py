"""The context of a check."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ci_engine.changes.diff_base import DiffBase
from ci_engine.checks.request import GateRequest
from ci_engine.checks.workspace import Tool, Workspace
from ci_engine.configuration.settings import CheckName, Settings
from ci_engine.configuration.value_types import Command
from ci_engine.environments.environment import Environment
from ci_engine.environments.pixi_tasks import own_task
from ci_engine.findings.baseline import Baseline
from ci_engine.findings.results import CheckResult
from ci_engine.processes.programs import Outcome


@dataclass(frozen=True, kw_only=True)
class Context(Workspace):
    """Everything that a check may use.

    Attributes:
        reports: the directory for files of this run, which become its reports.
        baseline: the accepted findings; None if the project has no baseline.
        hypothesis_examples: examples per property test; 0 = the project's own number.
        variables: the environment of the run, with the event that started it.
    """

    check: CheckName
    settings: Settings
    request: GateRequest
    reports: Path
    diff_base: Callable[[], DiffBase] = field(
        default=lambda: DiffBase(None, "not requested")
    )
    baseline: Baseline | None = None
    hypothesis_examples: int = 0
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    earlier: Mapping[CheckName, CheckResult] = field(
        default_factory=dict[CheckName, CheckResult]
    )

    @property
    def timeout(self) -> float:
        """Seconds after which the programs of the check are killed."""
        return self.settings.checks[self.check].timeout

    @property
    def own_command(self) -> Command:
        """The project's own command for the check, empty if it has none.

        The settings' command, else a pixi task with the name of the check. A task whose
        exit code is always 0 gives no verdict. Tasks can't be limited to paths, and
        can't fix anything.
        """
        command = self.settings.command_of(self.check)
        environment = self.environment
        prefix = environment.prefix if isinstance(environment, Environment) else ()
        if command or not prefix or self.request.paths or self.request.fix:
            return command
        task = own_task(self.project, self.check)
        return [task.name] if task is not None and task.trusted else ""

    @property
    def given_tests(self) -> list[str]:
        """The given paths in which pytest can find tests."""
        folders = tuple(f"{path.rstrip('/')}/" for path in self.settings.test_paths)
        return [path for path in self.request.paths if _holds_tests(path, folders)]

    def paths_to_check(self, *, configured: bool) -> list[str]:
        """The paths for a tool; none if its own configuration names them."""
        if self.request.paths:
            return self.request.code_paths
        root, paths = self.project.root, self.settings.source_paths
        return [] if configured else [path for path in paths if (root / path).exists()]

    def run(self, tool: Tool, arguments: Sequence[str | Path]) -> Outcome:
        """Run a tool in the repository, within the time limit of the check.

        Paths of reports in its output are replaced by their final paths.
        """
        outcome = self.execute(tool, arguments, self.timeout)
        now, then = str(self.reports), str(self.request.reports)
        return replace(
            outcome,
            stdout=outcome.stdout.replace(now, then),
            stderr=outcome.stderr.replace(now, then),
        )


def _holds_tests(path: str, folders: tuple[str, ...]) -> bool:
    name = path.partition("::")[0].rpartition("/")[2]
    named = name.startswith("test") or name.endswith("_test.py")
    return "::" in path or named or f"{path}/".startswith(folders)
