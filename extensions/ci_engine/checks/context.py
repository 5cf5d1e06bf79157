"""What a check is given, and the ways in which it may end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ci_engine.changes.decision import AffectedTests, Tests
from ci_engine.changes.diff_base import DiffBase
from ci_engine.configuration.settings import CheckName, Command, Settings, Tier
from ci_engine.environments.environment import Environment
from ci_engine.environments.isolated_tools import isolated_tool
from ci_engine.environments.pixi_tasks import own_task
from ci_engine.errors import ToolError
from ci_engine.findings.baseline import Baseline
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.monorepo.sibling_packages import Siblings
from ci_engine.processes.programs import Outcome, run_program
from ci_engine.project.repository import Project

__all__ = [
    "FRAMEWORK_PATHS",
    "Context",
    "Tool",
    "failed_or_passed",
    "not_run",
    "not_run_because",
    "skipped",
    "timed_out",
]

# The framework's own files are not the project's to mend.
FRAMEWORK_PATHS = ("ci-framework/ci_engine/", "ci-framework/scripts/", ".ci-framework/")


@dataclass(frozen=True)
class Tool:
    """A tool that a check runs.

    Attributes:
        name: for example ``ruff``.
        version: as far as it is known.
        command: the words that start it.
        variables: the environment variables it runs with.
        environment: where it comes from, for people.
    """

    name: str
    version: str
    command: tuple[str, ...]
    variables: Mapping[str, str]
    environment: str

    @property
    def label(self) -> str:
        """Name and version."""
        return f"{self.name} {self.version}".strip()


@dataclass(frozen=True)
class Context:
    """Everything a check may use.

    Attributes:
        project: the repository.
        settings: what is wanted.
        reports: the directory for reports of tools.
        cancel: set when the run is called off.
        environment: the project's environment, or why there is none.
        paths: files or tests the run is limited to; empty = everything.
        fix: whether tools may correct what they find.
        tier: the tier that runs.
        since: the commit that the user named with ``--since``, may be empty.
        start: finds out, once, where the change started.
        baseline: what was red before; None if the project has none.
        hypothesis_examples: examples that property tests try; 0 = their own.
        earlier: results of checks that this one depends on.
        tests: the tests that the change can break; None = nobody asked.
        affected: what is known about them.
        explicit: whether the checks were named one by one.
        siblings: the other packages, where one package of several is checked.
    """

    project: Project
    settings: Settings
    reports: Path
    cancel: threading.Event
    environment: Environment | ToolError
    paths: Sequence[str] = ()
    fix: bool = False
    tier: Tier = "essential"
    since: str = ""
    start: Callable[[], DiffBase] = field(
        default=lambda: DiffBase(None, "nobody asked")
    )
    baseline: Baseline | None = None
    hypothesis_examples: int = 0
    earlier: Mapping[CheckName, CheckResult] = field(
        default_factory=dict[CheckName, CheckResult]
    )
    tests: Tests | None = None
    affected: AffectedTests = field(default_factory=AffectedTests)
    explicit: bool = False
    siblings: Siblings | None = None

    @property
    def partial(self) -> bool:
        """Whether tests are left out that the change cannot break."""
        return self.tests is not None and self.tests.mode != "all"

    def own_command(self, check: CheckName) -> Command:
        """The project's own way to make a check, empty if it has none.

        A command of the settings, else a pixi task of that name. A task that ends
        well whatever happens gives no verdict; limited runs and corrections are
        what tasks cannot do.
        """
        command = self.settings.command_of(check)
        environment = self.environment
        prefix = environment.prefix if isinstance(environment, Environment) else ()
        if command or not prefix or self.paths or self.fix:
            return command
        task = own_task(self.project, check)
        return [task.name] if task is not None and task.trusted else ""

    @property
    def inner(self) -> list[str]:
        """The directories of packages inside of the one that is checked."""
        inner = self.siblings.inner if self.siblings is not None else ()
        return [path.rstrip("/") for path in inner]

    @property
    def code_paths(self) -> list[str]:
        """The files of the given paths; a test's id names the file it is in."""
        return list(dict.fromkeys(path.partition("::")[0] for path in self.paths))

    @property
    def given_tests(self) -> list[str]:
        """The given paths that pytest can find tests in."""
        folders = tuple(f"{path.rstrip('/')}/" for path in self.settings.test_paths)
        return [path for path in self.paths if _holds_tests(path, folders)]

    def timeout(self, check: CheckName) -> float:
        """Seconds after which the programs of a check are killed."""
        return self.settings.checks[check].timeout

    def tool(self, name: str, interpreter: str = "") -> Tool:
        """The project's own tool, or the framework's locked one.

        Args:
            name: the tool.
            interpreter: the Python that the locked one needs, empty = any.

        Raises:
            ToolError: if neither can be had.
        """
        environment = self.environment
        if isinstance(environment, Environment):
            command = environment.program(name)
            if command is not None:
                return Tool(
                    name,
                    environment.version(name),
                    command,
                    _plain(environment.variables),
                    environment.name,
                )
        isolated = isolated_tool(self.project, name, self.cancel, interpreter)
        return Tool(
            name,
            isolated.version,
            (isolated.program(),),
            _plain(isolated.variables),
            "isolated, locked by ci-framework",
        )

    def run(self, check: CheckName, tool: Tool, arguments: Sequence[str]) -> Outcome:
        """Run a tool in the repository, within the time the check has."""
        return run_program(
            [*tool.command, *arguments],
            cwd=self.project.root,
            timeout=self.timeout(check),
            variables=tool.variables,
            cancel=self.cancel,
        )


def _holds_tests(path: str, folders: tuple[str, ...]) -> bool:
    name = path.partition("::")[0].rpartition("/")[2]
    named = name.startswith("test") or name.endswith("_test.py")
    return "::" in path or named or f"{path}/".startswith(folders)


def _plain(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables without those that force colors into output we read."""
    forced = ("FORCE_COLOR", "CLICOLOR_FORCE")
    return {name: text for name, text in variables.items() if name not in forced}


def not_run(
    check: CheckName, reason: str, outcome: Outcome | None = None
) -> CheckResult:
    """The check could not be made: never green, and the run's exit code is 3."""
    output = outcome.tail(30) if outcome is not None else ""
    return CheckResult(id=check, status=Status.NOT_RUN, reason=reason, output=output)


def not_run_because(check: CheckName, error: Exception) -> CheckResult:
    """The check could not be made because of an error, told in full."""
    reason, _, rest = str(error).partition("\n")
    hint = getattr(error, "next_step", "")
    told = [rest, f"hint: {hint}" if hint else ""]
    return CheckResult(
        id=check,
        status=Status.NOT_RUN,
        reason=reason,
        output="\n".join(filter(None, told)),
    )


def skipped(check: CheckName, reason: str) -> CheckResult:
    """There was nothing to check, and the reason says why."""
    return CheckResult(id=check, status=Status.SKIPPED, reason=reason)


def timed_out(check: CheckName, outcome: Outcome) -> CheckResult:
    """The tool did not come to an end in the time the check has."""
    return CheckResult(
        id=check,
        status=Status.TIMED_OUT,
        reason=f"killed after {outcome.seconds:.0f} s",
        output=outcome.tail(30),
    )


def failed_or_passed(
    check: CheckName,
    tool: Tool,
    outcome: Outcome,
    findings: Sequence[Finding] | None,
    finding_codes: tuple[int, ...] = (1,),
) -> CheckResult:
    """Judge a tool by its exit code and its findings together.

    Exit code 0 with no finding of severity error passes; a code in
    ``finding_codes`` with findings fails; everything else means that the tool did
    not do its work, so the check was not made.

    Args:
        check: the check's name.
        tool: the tool that ran.
        outcome: how it ended.
        findings: what its output says, None if the output could not be read.
        finding_codes: the exit codes with which it reports findings.
    """
    if outcome.timed_out:
        return timed_out(check, outcome)
    if findings is None:
        reason = f"{tool.name}: its output cannot be read ({outcome.describe_exit()})"
        return not_run(check, reason, outcome)
    errors = [finding for finding in findings if finding.severity == "error"]
    consistent = outcome.code == 0 or (outcome.code in finding_codes and findings)
    if not consistent or (outcome.code == 0 and errors):
        return not_run(check, f"{tool.name}: {outcome.describe_exit()}", outcome)
    ours = [f for f in findings if not f.path.startswith(FRAMEWORK_PATHS)]
    red = any(finding.severity == "error" for finding in ours)
    return CheckResult(
        id=check,
        status=Status.FAILED if red else Status.PASSED,
        findings=ours,
        tool=tool.label,
        environment=tool.environment,
    )
