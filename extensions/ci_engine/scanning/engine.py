"""What an engine is given, and the ways in which it may end."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ci_engine.checks.context import Context, Tool
from ci_engine.checks.dependencies.inventory import Dependencies
from ci_engine.configuration.security_profiles import (
    EngineName,
    Level,
    SecurityProfiles,
)
from ci_engine.environments.isolated_tools import isolated_tool
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.processes.child_environment import child_variables
from ci_engine.processes.programs import Outcome, find_program, run_program
from ci_engine.scanning.files import Files

__all__ = [
    "Engine",
    "Kind",
    "Scan",
    "batches",
    "conclude",
    "ended_badly",
    "not_here",
    "without_credentials",
]

Kind = Literal["code", "secret", "dependency", "image", "license", "inventory"]
# Windows takes no command line longer than 32 767 characters.
_LONGEST_LIST = 20_000
# What a scanner must not see: some of them were the way into their users' projects.
_CREDENTIAL = re.compile(
    r"TOKEN|SECRET|PASSW|CREDENTIAL|PRIVATE|(?:API|ACCESS|_)_?KEY", re.IGNORECASE
)
_VERSION = re.compile(r"\b\d+(?:\.\d+)+[\w.+-]*")
_ESCAPE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
# Some ask for news of themselves when they start: without a network they hang.
_NO_NEWS = {
    "SEMGREP_ENABLE_VERSION_CHECK": "0",
    "SEMGREP_SEND_METRICS": "off",
    "GRYPE_CHECK_FOR_APP_UPDATE": "false",
    "SYFT_CHECK_FOR_APP_UPDATE": "false",
    "TRIVY_SKIP_VERSION_CHECK": "true",
    "TRIVY_DISABLE_TELEMETRY": "true",
}


@dataclass(frozen=True)
class Scan:
    """Everything an engine may use.

    Attributes:
        context: the repository, its settings and its tools.
        level: what the level asks for.
        profiles: limits, and what is known of the rules of engines.
        files: what there is to scan.
        read_dependencies: reads what the project depends on, once.
        history: which commits are searched for secrets.
        search_path: where programs of this machine are looked for.
    """

    context: Context
    level: Level
    profiles: SecurityProfiles
    files: Files
    read_dependencies: Callable[[], Dependencies]
    history: Literal["none", "change", "all"]
    search_path: str

    @property
    def root(self) -> Path:
        """The top of the repository."""
        return self.context.project.root

    def required(self, engine: EngineName) -> bool:
        """Whether the level cannot do without an engine."""
        return engine in self.level.required

    def locked(self, name: str, program: str = "", interpreter: str = "") -> Tool:
        """A tool in the locked version, in an environment of its own.

        Raises:
            ToolError: if it cannot be installed.
        """
        context = self.context
        tool = isolated_tool(context.project, name, context.cancel, interpreter)
        command = (tool.program(program),)
        environment = "isolated, locked by ci-framework"
        variables = without_credentials(tool.variables)
        return Tool(program or name, tool.version, command, variables, environment)

    def found(self, *names: str) -> Tool | None:
        """The first of several programs that is installed on this machine."""
        for name in names:
            path = find_program(name, self.search_path)
            if path is None:
                continue
            variables = without_credentials(child_variables())
            tool = Tool(name, "", (str(path),), variables, "installed on this machine")
            said = self._execute(tool, ["--version"], self.root, 60.0)
            version = _VERSION.search(f"{said.stdout}\n{said.stderr}")
            text = version.group() if version else ""
            return Tool(name, text, tool.command, variables, tool.environment)
        return None

    def run(
        self,
        engine: EngineName,
        tool: Tool,
        arguments: Sequence[str | Path],
        directory: Path | None = None,
    ) -> Outcome:
        """Run a tool in the repository, within the time its engine has."""
        limit = self.context.timeout(engine)
        return self._execute(tool, arguments, directory or self.root, limit)

    def _execute(
        self, tool: Tool, arguments: Sequence[str | Path], cwd: Path, limit: float
    ) -> Outcome:
        return run_program(
            [*tool.command, *arguments],
            cwd=cwd,
            timeout=limit,
            variables=tool.variables,
            cancel=self.context.cancel,
        )


@dataclass(frozen=True)
class Engine:
    """One engine.

    Attributes:
        name: its name.
        kind: what it finds.
        examine: does the work.
        gate: the check of the gate that finds the same, empty = none: what the
            baseline knows of that is known here as well.
    """

    name: EngineName
    kind: Kind
    examine: Callable[[Scan], CheckResult]
    gate: str = ""

    @property
    def recorded(self) -> str:
        """Its name in the baseline, which no check of the gate has.

        A level may find more or less than the gate: neither of the two may take out
        of the baseline what the other one put there.
        """
        return f"scan-{self.name}" if self.name == self.gate else self.name


def without_credentials(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables of a scanner: nothing in them opens a door."""
    kept = {k: v for k, v in variables.items() if not _CREDENTIAL.search(k)}
    return {**kept, **_NO_NEWS}


def batches(names: Sequence[str]) -> list[list[str]]:
    """Divide file names into lists that fit on a command line.

    None of them can be taken for an option.
    """
    lists: list[list[str]] = []
    length = _LONGEST_LIST
    for name in names:
        length += len(name) + 3
        if length > _LONGEST_LIST:
            lists.append([])
            length = len(name) + 3
        lists[-1].append(f".{os.sep}{name}" if os.name == "nt" else f"./{name}")
    return lists


def conclude(
    engine: EngineName,
    tool: Tool,
    findings: Sequence[Finding],
    given: int,
    unread: Mapping[str, str],
    noun: str = "files parsed",
) -> CheckResult:
    """The result of an engine that ran: what was not read is never passed over.

    Args:
        engine: the engine.
        tool: what it ran.
        findings: what it found.
        given: how many things it should have looked into.
        unread: those that it did not look into, with the reason.
        noun: what things they are, and what was done with them.
    """
    listed = f", {len(unread)} listed" if unread else ""
    # Some engines find the same things in another order each time.
    ordered = sorted(findings, key=lambda f: (f.path, f.line, f.column, f.rule))
    result = CheckResult(
        id=engine,
        status=Status.FAILED if findings else Status.PASSED,
        findings=ordered,
        tool=tool.label,
        environment=tool.environment,
        notes=[f"{engine}: {given - len(unread)} of {given} {noun}{listed}"],
    )
    if unread:
        rows = [f"{name}: {reason}" for name, reason in unread.items()]
        more = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
        result.status = Status.NOT_RUN
        result.reason = f"not everything was read: {rows[0]}{more}"
        result.output = "\n".join(rows)
    return result


def ended_badly(engine: EngineName, tool: Tool, outcome: Outcome) -> CheckResult:
    """The result of an engine that gave unusable output.

    Its output is not repeated: it may hold what the engine was looking for.
    """
    status = Status.TIMED_OUT if outcome.timed_out else Status.NOT_RUN
    said = _ESCAPE.sub("", outcome.stderr).strip().splitlines()
    errors = [row for row in said if re.search("error|fatal|fail", row, re.I)]
    last = (errors or said or [""])[-1].strip()[:300]
    because = f": {last}" if last and not outcome.timed_out else ""
    return CheckResult(
        id=engine,
        status=status,
        reason=f"{tool.name}: unusable output ({outcome.describe_exit()}){because}",
        tool=tool.label,
        environment=tool.environment,
    )


def not_here(scan: Scan, engine: EngineName, why: str) -> CheckResult:
    """The result of an engine that is not installed: that matters if it has to be."""
    status = Status.NOT_RUN if scan.required(engine) else Status.SKIPPED
    return CheckResult(id=engine, status=status, reason=why)
