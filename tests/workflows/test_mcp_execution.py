"""The workflow of MCP servers is executed: a good server, and one that broke."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.act import commit_all, run_workflow, two_pythons
from tests.support.documents import tables
from tests.support.renders import render

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
    commit_all(project)
    done = run_workflow(project, tmp_path / "good", "mcp-server.yml", "push")
    assert done.code == 0, done.text
    assert done.results["ci-success"] == "success"
    checks = {c["id"]: c for c in tables(done.report("gate-quick-checks")["checks"])}
    assert checks["mcp"]["status"] == "passed", done.text

    (server,) = project.glob("src/*/server.py")
    text = server.read_text("utf-8").replace(
        "    arguments = _parser()", '    print("starting")\n    arguments = _parser()'
    )
    server.write_text(text.replace("def limits()", "def bounds()"), "utf-8")
    commit_all(project)
    red = run_workflow(project, tmp_path / "bad", "mcp-server.yml", "pull_request")
    assert red.results["quick-checks"] == red.results["ci-success"] == "failure"
    page = red.page()
    assert "the server wrote a line to stdout that is no protocol message" in page
    assert "resource 'text://limits' changed: name" in page
