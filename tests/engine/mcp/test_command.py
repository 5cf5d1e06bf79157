"""``ci mcp``: how the command and the check of the gate report observations."""

from __future__ import annotations

import json
import shlex
import sys
import threading
from pathlib import Path

import pytest

from ci_engine.checks import mcp_server
from ci_engine.checks.context import Context
from ci_engine.checks.request import GateRequest
from ci_engine.cli import main
from ci_engine.commands import mcp
from ci_engine.configuration.loading import load_configuration
from ci_engine.environments.environment import Environment, Probe
from ci_engine.environments.node_tools import NodeTool
from ci_engine.errors import ToolError
from ci_engine.findings.results import Status
from ci_engine.mcp import conformance_run
from ci_engine.mcp.observations import Observations
from ci_engine.mcp.server_run import Observed, ServerRun
from ci_engine.processes.programs import CanceledError
from ci_engine.project.repository import read_project
from tests.support.mcp_checks import RAW_HTTP_SERVER
from tests.support.mcp_observations import (
    call,
    observed,
    process,
    session,
    silent,
)

GOOD = observed(session(calls=[call()]))
CHATTY = observed(session(process=process(stray=["x"], stray_lines=1), calls=[call()]))
LATE = observed(silent("timeout"))
HTTP = shlex.join([sys.executable, str(RAW_HTTP_SERVER), "{port}"])
PYPROJECT = f"""
[project]
name = "demo"
version = "1"

[tool.ci-framework.mcp]
command = "my-server"
http-command = {json.dumps(HTTP)}
stateless = false
"""
SUITE = """
import json, pathlib, sys
options = dict(zip(sys.argv[2::2], sys.argv[3::2]))
assert options["--url"].startswith("http://127.0.0.1:") and sys.argv[1] == "server"
folder = pathlib.Path(options["--output-dir"]) / "server-ping-2026-x"
folder.mkdir(parents=True)
checks = [{"id": "pong", "status": "FAILURE", "errorMessage": "no pong"}]
(folder / "checks.json").write_text(json.dumps(checks))
"""


class Bench:
    """A repository, and a client that observed something."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.seen: Observations | Exception = GOOD
        self.timed_out = False
        probe = Probe("3", sys.executable, sys.prefix, "", {}, [], {})
        self.environment = Environment("ours", probe, {"PATH": "/usr/bin"})
        self.write("pyproject.toml", PYPROJECT)
        monkeypatch.setattr(mcp, "prepare_environment", self.prepare)
        monkeypatch.setattr(ServerRun, "observe", self.observe)
        monkeypatch.chdir(root)

    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text, encoding="utf-8")

    def prepare(self, *_given: object) -> Environment:
        return self.environment

    def observe(self) -> Observed:
        if isinstance(self.seen, Exception):
            raise self.seen
        return Observed(self.seen, self.timed_out, "mcp 2")

    def context(self) -> Context:
        configuration = load_configuration(self.root, {})
        return Context(
            project=read_project(self.root),
            environment=self.environment,
            cancel=threading.Event(),
            check="mcp",
            settings=configuration.settings,
            request=GateRequest("full", ["mcp"], self.root),
            reports=self.root,
        )

    def statuses(self) -> dict[str, str]:
        path = self.root / ".ci-framework" / "mcp" / "result.json"
        checks = json.loads(path.read_text("utf-8"))["checks"]
        return {check["id"]: check["status"] for check in checks}


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, monkeypatch)


def test_the_command_gives_the_verdict_of_its_subjects(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["mcp", "check", "--dry-run"]) == 0
    assert "start over stdio: my-server" in capsys.readouterr().out
    assert main(["mcp", "check"]) == 1
    assert bench.statuses()["mcp-snapshot"] == "failed"
    assert main(["mcp", "check", "--update"]) == 0
    assert main(["mcp", "check"]) == 0
    assert bench.statuses()["mcp-stateless"] == "skipped"
    bench.seen = CHATTY
    assert main(["mcp", "check", "--python=3.13"]) == 1
    output = capsys.readouterr()
    assert "ci-framework/ci mcp check --python=3.13" in output.out + output.err
    bench.seen, bench.timed_out = GOOD, True
    assert main(["mcp", "check"]) == 1
    assert bench.statuses()["mcp-start"] == "timed-out"


def test_what_cannot_run_is_not_run(bench: Bench) -> None:
    bench.seen = ToolError("the MCP client failed")
    assert main(["mcp", "check"]) == 3
    assert bench.statuses() == {"mcp-start": "not-run"}
    bench.seen = CanceledError("x")
    assert main(["mcp", "check"]) == 3


@pytest.mark.parametrize(
    ("words", "settings", "message"),
    [
        (["mcp"], PYPROJECT, "expected check or conformance, got nothing"),
        (["mcp", "start"], PYPROJECT, "expected check or conformance, got start"),
        (["mcp", "check"], "", "expected the command that starts the MCP server"),
        (["mcp", "conformance"], PYPROJECT, "expected revisions of the protocol"),
    ],
)
def test_a_wrong_use_is_refused_with_the_next_step(
    bench: Bench,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    settings: str,
    message: str,
) -> None:
    bench.write("pyproject.toml", settings)
    assert main(words) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "\nhint: " in error


def test_the_gate_makes_one_check_of_all_subjects(bench: Bench) -> None:
    assert main(["mcp", "check", "--update"]) == 0
    passed = mcp_server.check(bench.context())
    assert (passed.status, passed.reason) == (Status.PASSED, "")
    assert "mcp-stateless: skipped: tool.ci-framework.mcp.stateless is false" in (
        passed.notes
    )
    assert "mcp-calls: called 1" in passed.notes
    bench.seen = CHATTY
    failed = mcp_server.check(bench.context())
    assert failed.status is Status.FAILED
    assert [each.rule for each in failed.findings] == ["stray-output"]
    bench.seen = LATE
    late = mcp_server.check(bench.context())
    assert (late.status, late.reason) == (
        Status.TIMED_OUT,
        "the server did not answer",
    )


def test_the_gate_warns_of_a_conformance_suite_that_no_workflow_runs(
    bench: Bench,
) -> None:
    bench.write("pyproject.toml", f'{PYPROJECT}conformance = ["2026-07-28"]\n')
    assert main(["mcp", "check", "--update"]) == 0

    def rules() -> list[str]:
        return [each.rule for each in mcp_server.check(bench.context()).findings]

    # Without workflows, CI is somewhere else.
    assert rules() == []
    (bench.root / ".github/workflows").mkdir(parents=True)
    bench.write(".github/workflows/ci.yml", "run: bash ci-framework/ci gate\n")
    assert rules() == ["conformance"]
    assert mcp_server.check(bench.context()).status is Status.PASSED
    bench.write(".github/workflows/mcp.yaml", "run: ci-framework/ci mcp conformance\n")
    assert rules() == []


@pytest.mark.heavy
def test_the_suite_runs_against_the_started_server(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.write("suite.py", SUITE)
    (bench.root / "requirements").mkdir()
    bench.write("requirements/2026-07-28.yaml", "server:\n  - ping\n")
    command = [sys.executable, str(bench.root / "suite.py")]
    tool = NodeTool("0.2", command, bench.root)

    def installed(*_given: object) -> NodeTool:
        return tool

    monkeypatch.setattr(conformance_run, "node_tool", installed)
    suite = PYPROJECT + 'conformance = ["2026-07-28"]\nstart-seconds = 20\n'
    bench.write("pyproject.toml", suite)
    assert main(["mcp", "conformance", "--dry-run"]) == 0
    assert "run the conformance suite for 2026-07-28" in capsys.readouterr().out
    assert main(["mcp", "conformance"]) == 1
    assert "2026-07-28: the scenario ping failed" in "".join(capsys.readouterr())
    assert main(["mcp", "conformance", "--update"]) == 0
    kept = bench.root / "ci-framework" / "project" / "mcp-conformance.json"
    expected = json.loads(kept.read_text("utf-8"))["expected"]
    assert expected == {"2026-07-28": {"ping": ["pong"]}}
    assert main(["mcp", "conformance"]) == 0

    bench.write("suite.py", "raise SystemExit('no suite')")
    assert main(["mcp", "conformance"]) == 3
    assert "the conformance suite failed for 2026-07-28" in "".join(capsys.readouterr())
    bench.write("pyproject.toml", suite.replace("{port}", "{port} crash"))
    assert main(["mcp", "conformance"]) == 3
    text = "".join(capsys.readouterr())
    assert "the server did not start: exit code 1\n" in text
    assert "ci-framework/ci mcp check" in text
