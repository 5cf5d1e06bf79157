"""Run the official conformance suite against the server of the project."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ci_engine.configuration.command_lines import argv_of
from ci_engine.configuration.mcp_settings import Mcp
from ci_engine.configuration.reading import read_yaml
from ci_engine.configuration.tables import texts
from ci_engine.environments.environment import Environment
from ci_engine.environments.node_tools import NodeTool, node_tool
from ci_engine.errors import ConfigurationError, ToolError
from ci_engine.findings.results import CheckResult
from ci_engine.mcp.committed_files import write_committed
from ci_engine.mcp.conformance import (
    Expected,
    Revision,
    expected_of,
    judge_conformance,
    read_expected,
)
from ci_engine.processes.ports import accepts_connections, free_port, listening, netloc
from ci_engine.processes.programs import run_program
from ci_engine.processes.services import Service
from ci_engine.project.repository import Project

_SCENARIO_MILLISECONDS = 30_000


class SuiteCheck(msgspec.Struct, frozen=True, rename="camel"):
    """One check of the suite, in its ``checks.json``."""

    id: str
    status: str
    error_message: str = ""


@dataclass(frozen=True)
class ConformanceRun:
    """One run of the suite, for all revisions in the settings."""

    project: Project
    settings: Mcp
    environment: Environment
    directory: Path
    timeout: float
    cancel: threading.Event

    def check(self, *, update: bool = False, dry_run: bool = False) -> CheckResult:
        """Run the suite, and compare its failures with the expected ones.

        Raises:
            ConfigurationError: if the settings do not allow it.
            ToolError: if the suite or the server could not run.
        """
        require_conformance(self.settings)
        name, root = self.settings.conformance_baseline, self.project.root
        before = None if update else read_expected(root, name)
        suite = node_tool(self.project, "conformance", self.cancel)
        with self._server() as address:
            revisions: dict[str, Revision] = {
                each: self.run_revision(suite, each, address)
                for each in self.settings.conformance
            }
        if update:
            before = expected_of(revisions)
        check = judge_conformance(revisions, before, name)
        if update and before is not None:
            check.notes.append(self._write(name, before, dry_run=dry_run))
        check.tool = f"@modelcontextprotocol/conformance {suite.version}"
        check.environment = self.environment.name
        return check

    def _write(self, name: str, expected: Expected, *, dry_run: bool) -> str:
        number = sum(len(c) for s in expected.expected.values() for c in s.values())
        if dry_run:
            return f"{name}: would record {number} expected failures"
        text = msgspec.json.format(msgspec.json.encode(expected), indent=2).decode()
        write_committed(self.project.root, name, f"{text}\n")
        return f"{name}: {number} expected failures are recorded"

    def run_revision(self, suite: NodeTool, version: str, address: str) -> Revision:
        """Run the scenarios that one revision of the protocol requires.

        Raises:
            ToolError: if the suite gave no result.
        """
        requirements = suite.directory / "requirements" / f"{version}.yaml"
        scenarios = texts(read_yaml(requirements), "server")
        # A separate directory, so that results of an earlier run do not count.
        output = Path(tempfile.mkdtemp(prefix=f"{version}-", dir=self.directory))
        options = ("--requirements", version, "--output-dir", output)
        limit = ("--timeout", str(_SCENARIO_MILLISECONDS))
        outcome = run_program(
            [*suite.command, "server", "--url", address, *options, *limit],
            cwd=self.directory,
            timeout=self.timeout,
            variables=self.environment.variables,
            cancel=self.cancel,
        )
        revision = read_results(output, scenarios)
        if outcome.timed_out or outcome.code not in (0, 1) or revision is None:
            raise ToolError(
                f"the conformance suite failed for {version}: "
                f"{outcome.describe_exit()}\n{outcome.tail()}"
            )
        return revision

    @contextmanager
    def _server(self) -> Generator[str]:
        host, port = self.settings.host, free_port(self.settings.host)
        command = argv_of("mcp.http-command", self.settings.http_command)
        argv, variables = listening(command, self.environment.variables, host, port)
        self.directory.mkdir(parents=True, exist_ok=True)
        try:
            service = Service(
                [*self.environment.prefix, *argv],
                cwd=self.project.root,
                variables=variables,
                output=self.directory / "server.log",
            )
        except OSError as error:
            raise ToolError(f"the server could not be started: {error}") from error
        try:
            self._wait(service, host, port)
            # The suite has scenarios for host names of this machine only.
            yield f"http://{netloc(host, port)}{self.settings.http_path}"
        finally:
            service.stop(self.settings.stop_seconds)

    def _wait(self, service: Service, host: str, port: int) -> None:
        seconds = self.settings.start_seconds

        def problem() -> str:
            silent = not accepts_connections(host, port)
            return f"silent for {seconds:g} s" if silent else ""

        if why := service.wait_until_ready(problem, seconds, self.cancel):
            raise ToolError(
                f"the server did not start: {why}\n{service.tail()}",
                hint="run `ci-framework/ci mcp check`, which reports why",
            )


def read_results(output: Path, scenarios: list[str]) -> Revision | None:
    """The results of the relevant scenarios; None if the suite wrote nothing."""
    failed: dict[str, dict[str, str]] = {}
    passed = found = 0
    for scenario in scenarios:
        files = sorted(output.glob(f"server-{scenario}-2*/checks.json"))
        if not files:
            failed[scenario] = {"no-result": "the suite gave no result"}
            continue
        found += 1
        checks = msgspec.json.decode(files[-1].read_bytes(), type=list[SuiteCheck])
        failed[scenario] = {
            each.id: each.error_message.split("\n")[0]
            for each in checks
            if each.status == "FAILURE"
        }
        passed += sum(each.status == "SUCCESS" for each in checks)
    return Revision(failed, passed) if found else None


def require_conformance(settings: Mcp) -> None:
    """End the command if the suite is off, or the server has no HTTP.

    Raises:
        ConfigurationError: if it is.
    """
    if not settings.conformance:
        raise ConfigurationError(
            "tool.ci-framework.mcp.conformance: expected revisions of the protocol, "
            "got none",
            hint='add `conformance = ["2026-07-28"]` to [tool.ci-framework.mcp]',
        )
    if not settings.http_command:
        raise ConfigurationError(
            "tool.ci-framework.mcp.http-command: expected the command that starts the "
            "server over HTTP, got nothing",
            hint="the conformance suite speaks HTTP only",
        )
