"""CodeQL, containers and the removal of files: executed, with GitHub made up."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any, cast

import pytest

from tests.engine.cleanup.test_cleanup import origin_of
from tests.support.act import run_workflow
from tests.support.github_api import GitHub, github_stand_in
from tests.support.interpreters import two_pythons
from tests.support.renders import render
from tests.support.repositories import commit_all, git
from tests.support.scanning import script


@pytest.fixture
def github() -> Generator[GitHub]:
    with github_stand_in() as service:
        yield service


pytestmark = [pytest.mark.heavy, pytest.mark.timeout(1200)]

GRYPE = """\
test "$1" = --version && { echo grype 0.121.2; exit; }
test "${GITHUB_TOKEN:-}" = "" || exit 9
cat <<'EOF'
{"matches": [{"vulnerability": {"id": "CVE-2026-1", "severity": "High",
  "fix": {"versions": ["3.5.1"], "state": "fixed"}},
  "artifact": {"name": "openssl", "version": "3.5.0"}}]}
EOF
"""
SYFT = """\
test "$1" = --version && { echo syft 1.57.0; exit; }
listed='{"bomFormat": "CycloneDX", "components": [{"name": "openssl"}]}'
for word; do
  case "$word" in cyclonedx-json=*) echo "$listed" > "${word#*=}";; esac
done
"""
DOCKER = 'echo "docker $*" >> "$STAND_IN_SCANNERS/docker.log"'


def made(tmp_path: Path, template: Path, **answers: object) -> Path:
    usual = {
        "setup": "customise",
        "package_manager": "uv",
        "python_versions": [two_pythons()[0]],
        "platforms": ["linux"],
        "security_level": "low",
    }
    project = render(template, tmp_path / "sample", {**usual, **answers})
    commit_all(project)
    return project


# --- CodeQL -------------------------------------------------------------------------


@pytest.mark.parametrize("fails", [False, True])
def test_codeql_is_sent_by_a_job_of_its_own_and_never_skipped_in_silence(
    fails: bool, tmp_path: Path, template: Path
) -> None:
    project = made(tmp_path, template, codeql="yes")
    (project / "src" / "more.py").write_text("x = 1\n", encoding="utf-8")
    commit_all(project)
    variables = {"STAND_IN_CODEQL_FAILS": "1"} if fails else {}
    location = tmp_path / "act"
    done = run_workflow(
        project, location, "codeql.yml", "pull_request", variables=variables
    )
    assert "codeql is asked for python, actions with build mode none" in done.text
    ended = done.ended()
    assert ended["codeql"] == ("failure" if fails else "success"), done.text
    assert ended["codeql-success"] == ("failure" if fails else "success"), done.text
    assert (done.code == 0) is not fails
    sent = done.artifacts / "code-scanning" / "findings" / "python.sarif"
    assert sent.is_file() is not fails


# --- containers ---------------------------------------------------------------------


def test_an_image_is_built_and_its_issues_are_red(
    tmp_path: Path, template: Path
) -> None:
    project = made(tmp_path, template, containers="yes", security_level="high")
    if not (project / "Dockerfile").exists():
        (project / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    commit_all(project)
    scanners = tmp_path / "scanners"
    for name, text in (("grype", GRYPE), ("syft", SYFT)):
        script(scanners / name, name, text)
    done = run_workflow(
        project,
        tmp_path / "act",
        "security-audit.yml",
        "pull_request",
        variables={"STAND_IN_SCANNERS": str(scanners)},
        programs={"docker": DOCKER},
    )
    called = (scanners / "docker.log").read_text(encoding="utf-8")
    assert called == "docker build --tag ci-framework-scan:latest .\n"
    report = cast("dict[str, Any]", done.report("security-scan"))
    checks = {check["id"]: check for check in report["checks"]}
    (issue,) = checks["grype"]["findings"]
    assert (issue["rule"], issue["severity"]) == ("CVE-2026-1", "error")
    assert issue["message"].startswith("openssl 3.5.0 in ci-framework-scan:latest")
    assert checks["grype"]["status"] == "failed"
    said = "syft 1.57.0 listed what is in ci-framework-scan:latest"
    assert said in checks["sbom"]["notes"], checks["sbom"]
    kept = done.artifacts / "security-scan-1" / "sbom-image-1.cdx.json"
    assert kept.is_file()
    assert done.ended()["security-scan"] == "failure"
    assert done.code != 0


# --- files of developers ------------------------------------------------------------


def test_files_of_developers_become_one_pull_request(
    tmp_path: Path,
    template: Path,
    github: GitHub,
) -> None:
    project = made(tmp_path, template, cleanup="pull-request")
    (project / "$(touch bad).tmp").write_text("x\n", encoding="utf-8")
    (project / "keep.txt").write_text("x\n", encoding="utf-8")
    commit_all(project)
    origin = origin_of(project)
    url, calls = github.url, github.calls
    for expected in ("POST", "PATCH"):
        done = run_workflow(
            project,
            tmp_path / f"act-{expected}",
            "cleanup-pull-request.yml",
            "workflow_dispatch",
            variables={"GITHUB_API_URL": url},
        )
        assert done.code == 0, done.text
        assert calls[-1][0] == expected, calls
    changed = git(origin, "diff", "--name-status", "main", "ci-framework/cleanup")
    assert changed == "D\t$(touch bad).tmp"
    body = json.dumps(calls[0][2] or calls[1][2])
    assert "$(touch bad).tmp" in body
    assert "made-up" not in done.text.replace("***", "")
