"""Check servers as ``ci mcp check`` does, with the client of our own environment."""

from __future__ import annotations

import os
import shlex
import sys
import threading
from pathlib import Path

import msgspec
import pytest

from ci_engine.configuration.mcp_settings import NO_MCP, Mcp, McpCall
from ci_engine.environments.environment import Environment, Probe
from ci_engine.environments.isolated_tools import IsolatedTool
from ci_engine.findings.results import CheckResult
from ci_engine.mcp import server_run
from ci_engine.mcp.checking import ServerCheck
from ci_engine.mcp.server_run import ServerRun
from ci_engine.project.repository import Project

RAW_SERVER = Path(__file__).with_name("raw_mcp_server.py")
RAW_HTTP_SERVER = Path(__file__).with_name("raw_http_mcp_server.py")
CALLS = [McpCall(tool="double", arguments={"number": 4})]
_PYTHON = Path(sys.executable)


class CheckedServers:
    """Servers, and what checks report of them."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.directory = directory
        tool = IsolatedTool("mcp", "2.3.0", _PYTHON.parent, {})

        def installed(*_given: object) -> IsolatedTool:
            return tool

        monkeypatch.setattr(server_run, "isolated_tool", installed)

    def settings(self, *faults: str, **changes: object) -> Mcp:
        """The settings for the server of ours, with some faults."""
        command = shlex.join([str(_PYTHON), str(RAW_SERVER), *faults])
        usual = msgspec.structs.replace(NO_MCP, command=command, calls=CALLS)
        return msgspec.structs.replace(usual, **changes)

    def http_settings(self, *faults: str, **changes: object) -> Mcp:
        """The settings for the server of ours over HTTP only, with some faults."""
        words = [str(_PYTHON), str(RAW_HTTP_SERVER), "{port}", *faults]
        usual = msgspec.structs.replace(
            NO_MCP, http_command=shlex.join(words), calls=CALLS
        )
        return msgspec.structs.replace(usual, **changes)

    def check(
        self, settings: Mcp, *, update: bool = False, timeout: float = 120.0
    ) -> dict[str, CheckResult]:
        """The results by subject, without ``mcp-``."""
        reports = self.directory / "reports"
        reports.mkdir(exist_ok=True)
        probe = Probe("3", sys.executable, sys.prefix, "", {}, [], {})
        run = ServerRun(
            Project(self.directory, "pip", {}, has_git=False),
            settings,
            Environment("ours", probe, dict(os.environ)),
            reports,
            timeout,
            threading.Event(),
        )
        results = ServerCheck(run, update=update).results()
        return {check.id.removeprefix("mcp-"): check for check in results}
