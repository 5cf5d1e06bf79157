"""The security audit is executed: verdicts, reports, and who may send what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest

from tests.support.act import run_workflow
from tests.support.act_runs import Run
from tests.support.interpreters import two_pythons
from tests.support.renders import render
from tests.support.repositories import commit_all, commit_of
from tests.support.secrets import seeded

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(1200)]

AUDIT, CLEANUP = "security-audit.yml", "cleanup-dev-files.yml"
GREEN = {
    "change-detection": "success",
    "security-scan": "success",
    "dependency-review": "success",
    "security-upload": "success",
    "security-success": "success",
}


@pytest.fixture
def project(tmp_path: Path, template: Path) -> Path:
    answers = {
        "setup": "customise",
        "package_manager": "uv",
        "python_versions": [two_pythons()[0]],
        "platforms": ["linux"],
        # The other levels look up advisories on the network.
        "security_level": "low",
    }
    made = render(template, tmp_path / "sample", answers)
    commit_all(made)
    return made


def run(project: Path, workflow: str, payload: dict[str, object] | None = None) -> Run:
    commit_all(project)
    location = project.parent / "act"
    return run_workflow(project, location, workflow, "pull_request", payload=payload)


def report_of(done: Run) -> dict[str, Any]:
    return cast("dict[str, Any]", done.report("security-scan"))


def test_a_clean_change_is_green_and_sends_its_findings(project: Path) -> None:
    (project / "notes.txt").write_text("nothing\n", encoding="utf-8")
    done = run(project, AUDIT)
    assert done.ended() == GREEN, done.text
    assert done.code == 0
    report = report_of(done)
    assert (report["verdict"], report["level"]) == ("green", "low")
    sent = done.artifacts / "code-scanning" / "results.sarif"
    assert json.loads(sent.read_text("utf-8"))["version"] == "2.1.0"
    kept = {path.name for path in (done.artifacts / "security-scan-1").iterdir()}
    assert {"report.html", "summary.md", "junit.xml", "results.sarif"} <= kept


def test_a_secret_fails_the_workflow_and_is_reported_nowhere(project: Path) -> None:
    name, text, secret = next(seeded())
    (project / name).write_text(text, encoding="utf-8")
    done = run(project, AUDIT)
    red = dict.fromkeys(("security-scan", "security-success"), "failure")
    assert done.ended() == {**GREEN, **red}, done.text
    assert done.code != 0
    found = [f for check in report_of(done)["checks"] for f in check["findings"]]
    assert name in {finding["path"] for finding in found}
    assert secret not in done.text


def test_a_fork_sends_nothing(project: Path) -> None:
    (project / "notes.txt").write_text("nothing\n", encoding="utf-8")
    commit_all(project)
    own = {"default_branch": "main", "full_name": "someone/sample"}
    fork = {"full_name": "fork/sample"}
    (project / "more.txt").write_text("nothing\n", encoding="utf-8")
    commit_all(project)
    head = {"sha": commit_of(project, "HEAD"), "repo": fork}
    base = {"ref": "main", "sha": commit_of(project, "HEAD~1"), "repo": own}
    change = {"number": 7, "head": head, "base": base}
    payload: dict[str, object] = {"repository": own, "pull_request": change}
    done = run(project, AUDIT, payload=payload)
    ended = {**GREEN}
    ended.pop("security-upload")
    assert done.ended() == ended, done.text
    assert done.code == 0


def test_the_check_of_files_is_red_for_what_a_change_adds(project: Path) -> None:
    (project / "old.tmp").write_text("old\n", encoding="utf-8")
    commit_all(project)
    (project / "notes.txt").write_text("nothing\n", encoding="utf-8")
    done = run(project, CLEANUP)
    assert done.ended() == {"cleanup-check": "success"}, done.text
    (project / "new.tmp").write_text("new\n", encoding="utf-8")
    commit_all(project)
    location = project.parent / "act-again"
    done = run_workflow(project, location, CLEANUP, "pull_request")
    assert done.ended() == {"cleanup-check": "failure"}, done.text
