"""The services that tests need, in a workflow: act starts no containers on the host.

So a server of this machine stands where GitHub's runner has the container. Whether the
digests of the images exist is proved on a connected machine only.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.act import run_workflow
from tests.support.documents import tables
from tests.support.interpreters import installed_pythons
from tests.support.local_server import free_port
from tests.support.renders import render
from tests.support.repositories import commit_all
from tests.support.tools import require_tool

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(1200)]


def test_the_tests_of_a_service_run_in_the_workflow(
    template: Path, tmp_path: Path
) -> None:
    python = next(iter(installed_pythons()))
    port = free_port()
    answers = {
        "setup": "customise",
        "package_manager": "uv",
        "type_checker": "mypy",
        "python_versions": [python],
        "platforms": ["linux"],
        "quality_tier": "essential",
        "benchmarks": "no",
        "service_image": f"docker.io/library/redis:7@sha256:{'0' * 64}",
        "service_port": port,
    }
    project = render(template, tmp_path / "sample", answers)
    commit_all(project)
    command = [str(require_tool("redis-server")), "--bind", "127.0.0.1"]
    command += ["--port", str(port), "--save", "", "--dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            done = run_workflow(project, tmp_path / "act", "python-ci.yml", "push")
        finally:
            server.terminate()
    assert done.ended()["ci-success"] == "success", done.text
    report = done.report(f"gate-linux-py{python}")
    (check,) = [c for c in tables(report["checks"]) if c["id"] == "test"]
    outcomes = {str(t["id"]): t["outcome"] for t in tables(check["tests"])}
    test = "tests/test_services.py::test_service_accepts_connections[service]"
    assert outcomes[test] == "passed"
    assert check["notes"] == []
