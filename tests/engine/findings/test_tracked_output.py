"""Committed files in the output directory are reported, and never used."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.engine.environments.test_user_cache import plant, trap
from tests.support.projects import DemoProject, git, install_tool


def commit(project: DemoProject) -> None:
    """Commit everything, also what the project ignores."""
    git(project.root, "init", "--quiet")
    git(project.root, "add", "--all", "--force", "--", ":!.venv")
    git(project.root, "commit", "--quiet", "--message", "start")


@pytest.mark.heavy
def test_tracked_output_is_a_finding_of_the_validation(project: DemoProject) -> None:
    install_tool(project, "check-jsonschema")
    project.write(".ci-framework/gate/junit.xml", "")
    commit(project)
    run = project.run("validate")
    assert run.code == 2, str(run)
    [finding] = run.findings("output")
    assert finding["path"] == ".ci-framework/gate/junit.xml"
    assert "git rm -r --cached .ci-framework" in finding["message"]


def test_a_link_in_the_place_of_the_output_is_a_finding(project: DemoProject) -> None:
    (project.root / "elsewhere").mkdir()
    (project.root / ".ci-framework").symlink_to("elsewhere")
    commit(project)
    run = project.run("gate", "--only", "no-conflict-markers")
    assert run.code == 1, str(run)
    assert run.check("tracked-output")["status"] == "failed"


def test_an_environment_that_was_committed_is_not_run(
    project: DemoProject, tmp_path: Path
) -> None:
    script, shown = trap(tmp_path)
    location = ".ci-framework/environments/default"
    for name in ("python", "pytest", "ruff"):
        plant(project, f"{location}/bin/{name}", script)
    project.write(f"{location}/ci-framework-stamp", hashlib.sha256(b"").hexdigest())
    commit(project)
    run = project.gate("test")
    assert run.code == 1, str(run)
    assert run.check("test")["status"] == "not-run"
    assert "git tracks" in run.check("test")["reason"]
    assert run.check("tracked-output")["status"] == "failed"
    assert not shown.exists()


def test_no_baseline_holds_tracked_output(project: DemoProject) -> None:
    project.write(".ci-framework/gate/junit.xml", "")
    commit(project)
    words = ("--only", "no-conflict-markers", "--baseline", "write")
    project.run("gate", *words)
    run = project.run("gate", "--only", "no-conflict-markers")
    assert run.code == 1, str(run)
    assert run.check("tracked-output")["status"] == "failed"


@pytest.mark.parametrize("name", ["reports/gate-linux", "gate"])
def test_a_committed_report_is_no_result_of_a_job(
    project: DemoProject, name: str
) -> None:
    project.run("gate", "--only", "no-conflict-markers")
    report = (project.reports / "result.json").read_bytes()
    project.write(f".ci-framework/{name}/result.json", report)
    commit(project)
    needs = '{"gate": {"result": "success"}}'
    words = ("--reports", f".ci-framework/{Path(name).parent}")
    run = project.run("summary", *words, variables={"NEEDS": needs})
    assert run.code == 3, str(run)
    assert "git tracks" in run.stdout
