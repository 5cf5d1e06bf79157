"""The workflow that proposes versions of the framework is executed."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.support.act import run_workflow
from tests.support.act_runs import Run
from tests.support.github_api import GitHub, github_stand_in
from tests.support.interpreters import two_pythons
from tests.support.repositories import git
from tests.support.template_releases import (
    commit,
    edit,
    make_project,
    make_releases,
)

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(1200)]

BRANCH = "ci-framework/update"
# What GitHub answers to a token that may not push workflows.
REFUSES = """\
#!/bin/sh
echo "refusing to allow a GitHub App to update workflow without permission" >&2
exit 1
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of one version of the template, which has a newer one."""
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Test")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "test@example.org")
    (tmp_path / "template").mkdir()
    releases = make_releases(tmp_path / "template")
    answers: dict[str, object] = {
        "setup": "customise",
        "project_name": "sample",
        "package_manager": "pip",
        "python_versions": [two_pythons()[0]],
        "platforms": ["linux"],
        "quality_tier": "essential",
        "benchmarks": "no",
        "framework_updates": "workflow",
    }
    project = make_project(releases, tmp_path / "sample", answers)
    commit(project)
    git(tmp_path, "clone", "--quiet", "--bare", str(project), "origin.git")
    git(project, "remote", "add", "origin", str(tmp_path / "origin.git"))
    return project


@pytest.fixture
def github() -> Generator[GitHub]:
    with github_stand_in() as stand_in:
        yield stand_in


def execute(project: Path, location: Path, github: GitHub) -> Run:
    variables = {
        "GITHUB_API_URL": github.url,
        "GITHUB_REPOSITORY": "someone/sample",
        "GITHUB_REF": "refs/heads/main",
    }
    name, event = "framework-update.yml", "workflow_dispatch"
    return run_workflow(project, location, name, event, variables=variables)


def test_an_update_is_proposed_as_far_as_the_token_may(
    project: Path, tmp_path: Path, github: GitHub
) -> None:
    hook = tmp_path / "origin.git" / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(REFUSES, encoding="utf-8")
    hook.chmod(0o755)
    before = git(project, "rev-parse", "HEAD")
    done = execute(project, tmp_path / "clean", github)
    assert done.ended() == {
        "framework-update": "success",
        "framework-update-propose": "success",
    }, done.text
    (call,) = github.calls
    assert call[:2] == ("POST", "/repos/someone/sample/issues")
    issue = call[2]
    assert issue["title"] == "chore: update ci-framework to 2.1.0"
    assert "copier update --defaults" in issue["body"]
    # The made-up release edits files whose hashes it does not renew.
    assert "- `ci-framework/ci validate`: wrong configuration" in issue["body"]
    assert "- `ci-framework/ci gate`: green" in issue["body"]
    # With a token that may, the pull request replaces the issue. What both sides
    # changed makes it a draft.
    hook.unlink()
    edit(project / "pyproject.toml", 'version = "2.0.0"', 'version = "mine"')
    commit(project)
    github.calls.clear()
    done = execute(project, tmp_path / "conflict", github)
    assert set(done.ended().values()) == {"success"}, done.text
    pull, closed = github.calls
    assert pull[:2] == ("POST", "/repos/someone/sample/pulls")
    assert (pull[2]["draft"], pull[2]["head"]) == (True, BRANCH)
    assert "- `pyproject.toml`, line " in pull[2]["body"]
    assert closed[2] == {"state": "closed"}
    text = git(tmp_path / "origin.git", "show", f"{BRANCH}:pyproject.toml")
    assert text.count("<<<<<<< before updating") == 1
    new = "ci-framework/scripts/arriving.sh"
    assert git(tmp_path / "origin.git", "show", f"{BRANCH}:{new}")
    assert git(project, "rev-parse", "HEAD~1") == before
