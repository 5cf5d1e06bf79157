"""Start the server of the project, and run the official client against it."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ci_engine.configuration.command_lines import argv_of
from ci_engine.configuration.mcp_settings import Mcp
from ci_engine.configuration.value_types import Command
from ci_engine.environments import inside
from ci_engine.environments.environment import Environment
from ci_engine.environments.isolated_tools import isolated_tool
from ci_engine.errors import ConfigurationError, ToolError
from ci_engine.mcp.observations import Observations
from ci_engine.processes.leftovers import MARK_VARIABLE, inner_mark
from ci_engine.processes.programs import run_program
from ci_engine.project.output_files import write_text
from ci_engine.project.repository import Project

# The client runs as a package by name, after all installed packages.
_START = (
    "import sys, runpy; sys.path.append(sys.argv.pop(1)); "
    "runpy.run_module('mcp_client', run_name='__main__', alter_sys=True)"
)


class Job(msgspec.Struct, frozen=True):
    """The job of the client; see ``mcp_client/__main__.py``."""

    stdio: list[str]
    http: list[str]
    host: str
    path: str
    directory: str
    start_seconds: float
    answer_seconds: float
    stop_seconds: float
    calls: list[dict[str, object]]
    call_read_only: bool
    stateless: bool


@dataclass(frozen=True)
class Observed:
    """The outcome of a run of the client.

    Attributes:
        timed_out: whether it was killed before it had finished.
        client: the name and the version of the client.
    """

    observations: Observations
    timed_out: bool
    client: str


@dataclass(frozen=True)
class ServerRun:
    """One run of the client against the server.

    Attributes:
        directory: the directory for its files.
        timeout: seconds after which client and server are killed.
    """

    project: Project
    settings: Mcp
    environment: Environment
    directory: Path
    timeout: float
    cancel: threading.Event

    def observe(self) -> Observed:
        """Run all conversations.

        Raises:
            ConfigurationError: if no command starts the server.
            ToolError: if the client cannot do its work.
        """
        require_command(self.settings)
        tool = isolated_tool(self.project, "mcp", self.cancel)
        job, report = self.directory / "job.json", self.directory / "observed.json"
        write_text(job, msgspec.json.encode(self._job()).decode())
        command = [tool.program("python"), "-I", "-c", _START, str(inside.DIRECTORY)]
        variables = self.environment.variables
        mark = inner_mark(uuid.uuid4().hex, variables)
        outcome = run_program(
            [*command, job, report],
            cwd=self.project.root,
            timeout=self.timeout,
            # Variables for the server, which the client passes on.
            variables={**variables, MARK_VARIABLE: mark},
            cancel=self.cancel,
        )
        if not report.is_file() or not (outcome.code == 0 or outcome.timed_out):
            raise ToolError(
                f"the MCP client failed: {outcome.describe_exit()}\n{outcome.tail()}"
            )
        observations = msgspec.json.decode(report.read_bytes(), type=Observations)
        return Observed(observations, outcome.timed_out, f"mcp {tool.version}")

    def _job(self) -> Job:
        mcp = self.settings
        calls: list[dict[str, object]] = [
            {"tool": call.tool, "arguments": call.arguments} for call in mcp.calls
        ]
        return Job(
            stdio=self._argv("mcp.command", mcp.command),
            http=self._argv("mcp.http-command", mcp.http_command),
            host=mcp.host,
            path=mcp.http_path,
            directory=str(self.project.root),
            start_seconds=mcp.start_seconds,
            answer_seconds=mcp.answer_seconds,
            stop_seconds=mcp.stop_seconds,
            calls=calls,
            call_read_only=mcp.call_read_only,
            stateless=mcp.stateless,
        )

    def _argv(self, key: str, command: Command) -> list[str]:
        if not command:
            return []
        return [*self.environment.prefix, *argv_of(key, command)]


def require_command(settings: Mcp) -> None:
    """End the command if no command starts the server.

    Raises:
        ConfigurationError: if no command starts the server.
    """
    if not settings.configured:
        raise ConfigurationError(
            "tool.ci-framework.mcp.command: expected the command that starts the MCP "
            "server, got nothing",
            hint='add `[tool.ci-framework.mcp]` with `command = "my-server"`',
        )
