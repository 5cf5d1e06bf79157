"""The input of the isolated client, and its report."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from ci_engine.configuration.mcp_settings import Mcp, McpCall
from ci_engine.environments.environment import Environment, Probe
from ci_engine.environments.isolated_tools import IsolatedTool
from ci_engine.environments.node_tools import NodeTool
from ci_engine.errors import ConfigurationError, ToolError
from ci_engine.mcp import conformance_run, server_run
from ci_engine.mcp.conformance_run import ConformanceRun
from ci_engine.mcp.server_run import ServerRun
from ci_engine.processes.programs import Outcome
from ci_engine.project.repository import Project
from tests.support.mcp_observations import observed, session, settings

REVISION = "2026-07-28"


class Client:
    """A program that is not started: it ends as the test wants, and has written."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.report = "observed.json"
        self.text = msgspec.json.encode(observed(session())).decode()
        self.code, self.timed_out = 0, False
        self.argv: list[str] = []

    def run(self, argv: Sequence[str | Path], **_options: object) -> Outcome:
        self.argv = [str(word) for word in argv]
        if self.text:
            report = self.directory / self.report
            if "--output-dir" in self.argv:
                output = self.argv[self.argv.index("--output-dir") + 1]
                report = Path(output) / "server-ping-2026-x" / "checks.json"
                report.parent.mkdir()
            report.write_text(self.text, "utf-8")
        words = tuple(self.argv)
        return Outcome(words, self.code, "", "no module", 1.0, self.timed_out)


def run_of(directory: Path, given: Mcp) -> ServerRun:
    probe = Probe("3", sys.executable, sys.prefix, "", {}, [], {})
    return ServerRun(
        Project(directory, "pip", {}, has_git=False),
        given,
        Environment("ours", probe, dict(os.environ), prefix=("pixi", "run")),
        directory,
        5.0,
        threading.Event(),
    )


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    made = Client(tmp_path)
    tool = IsolatedTool("mcp", "2.3.0", Path(sys.executable).parent, {})

    def installed(*_given: object) -> IsolatedTool:
        return tool

    monkeypatch.setattr(server_run, "isolated_tool", installed)
    monkeypatch.setattr(server_run, "run_program", made.run)
    return made


def test_the_client_gets_the_commands_of_the_environment(
    client: Client, tmp_path: Path
) -> None:
    calls = [McpCall(tool="double", arguments={"number": 1})]
    given = settings(
        command="server --now", http_command=["a b", "{port}"], calls=calls
    )
    seen = run_of(tmp_path, given).observe()
    assert seen.observations.protocols == [REVISION]
    assert (seen.timed_out, seen.client) == (False, "mcp 2.3.0")
    job = json.loads((tmp_path / "job.json").read_text("utf-8"))
    assert job["stdio"] == ["pixi", "run", "server", "--now"]
    assert job["http"] == ["pixi", "run", "a b", "{port}"]
    assert job["calls"] == [{"tool": "double", "arguments": {"number": 1}}]
    run_of(tmp_path, settings(http_command="")).observe()
    assert json.loads((tmp_path / "job.json").read_text("utf-8"))["http"] == []


def test_a_client_that_fails_is_no_verdict_on_the_server(
    client: Client, tmp_path: Path
) -> None:
    run = run_of(tmp_path, settings())
    client.code, client.timed_out = -9, True
    assert run.observe().timed_out
    client.timed_out = False
    with pytest.raises(ToolError, match=r"the MCP client failed: .*\nno module"):
        run.observe()
    nothing = settings(command="", http_command="")
    with pytest.raises(ConfigurationError, match=r"mcp\.command: expected the command"):
        run_of(tmp_path, nothing).observe()


def test_a_suite_that_fails_is_no_verdict_on_the_server(
    tmp_path: Path, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "requirements").mkdir()
    listed = tmp_path / "requirements" / f"{REVISION}.yaml"
    listed.write_text("server: [ping]\n", "utf-8")
    monkeypatch.setattr(conformance_run, "run_program", client.run)
    suite = NodeTool("0.2", ["node", "suite.js"], tmp_path)
    run = ConformanceRun(
        *(getattr(run_of(tmp_path, settings()), n) for n in ServerRun.__match_args__)
    )
    client.text = json.dumps([{"id": "pong", "status": "SUCCESS"}])
    found = run.run_revision(suite, REVISION, "http://127.0.0.1:1/mcp")
    assert (found.failed, found.passed) == ({"ping": {}}, 1)
    assert client.argv[:6] == [
        *("node", "suite.js", "server", "--url"),
        *("http://127.0.0.1:1/mcp", "--requirements"),
    ]
    for code, text in ((2, client.text), (1, "")):
        client.code, client.text = code, text
        with pytest.raises(ToolError, match="the conformance suite failed for 2026"):
            run.run_revision(suite, REVISION, "http://127.0.0.1:1/mcp")
