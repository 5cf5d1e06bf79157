"""The workflow of MCP servers is executed: a good server, and one that broke."""

from __future__ import annotations

import html
from pathlib import Path

import pytest

from tests.support.act import run_workflow
from tests.support.documents import tables
from tests.support.interpreters import two_pythons
from tests.support.renders import render
from tests.support.repositories import commit_all

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(1200)]


def test_a_server_that_breaks_turns_its_workflow_red(
    tmp_path: Path, template: Path
) -> None:
    answers = {
        "setup": "customise",
        "project_type": "mcp-server",
        "package_manager": "uv",
        "type_checker": "mypy",
        "python_versions": [two_pythons()[0]],
        "platforms": ["linux"],
        "quality_tier": "essential",
        "benchmarks": "no",
    }
    project = render(template, tmp_path / "sample", answers)
    settings = project / "pyproject.toml"
    text = settings.read_text("utf-8")
    protocols = 'protocols = ["2025-11-25", "2026-07-28"]\n'
    assert protocols in text
    on = f'{protocols}conformance = ["2025-11-25"]\n'
    settings.write_text(text.replace(protocols, on), "utf-8")
    commit_all(project)
    done = run_workflow(project, tmp_path / "good", "mcp-server.yml", "push")
    assert done.code == 0, done.text
    assert done.results["ci-success"] == "success"
    checks = {c["id"]: c for c in tables(done.report("gate-quick-checks")["checks"])}
    assert checks["mcp"]["status"] == "passed", done.text
    assert done.results["conformance"] == "success"
    (suite,) = tables(done.report("gate-conformance")["checks"])
    assert suite["status"] == "passed", done.text

    (server,) = project.glob("src/*/server.py")
    settings.write_text(text, "utf-8")
    text = server.read_text("utf-8").replace(
        "    arguments = _parser()", '    print("starting")\n    arguments = _parser()'
    )
    server.write_text(text.replace("def limits()", "def bounds()"), "utf-8")
    commit_all(project)
    red = run_workflow(project, tmp_path / "bad", "mcp-server.yml", "pull_request")
    assert red.results["quick-checks"] == red.results["ci-success"] == "failure"
    reason = "tool.ci-framework.mcp.conformance is empty"
    assert f"| conformance | skipped | {reason}" in red.page()
    (check,) = (
        each
        for each in tables(red.report("gate-quick-checks")["checks"])
        if each["id"] == "mcp"
    )
    found = "\n".join(str(each["message"]) for each in tables(check["findings"]))
    assert "a line to stdout that is not a protocol message: 'starting'" in found
    assert "resource 'text://limits' changed: name" in found
    assert "is not a protocol message: 'starting'" in html.unescape(red.page())
