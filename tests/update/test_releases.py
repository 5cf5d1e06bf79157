"""Every release updates to the template as it is now without a conflict."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ci_engine import __version__
from tests.support.parsing import read_toml
from tests.support.programs import run
from tests.support.renders import ROOT, copy_template, read_answers, snapshot
from tests.support.template_releases import (
    commit,
    conflicts,
    edit,
    make_project,
    update,
)

# Slow: each test runs real programs.
pytestmark = pytest.mark.heavy

RELEASES = {
    str(version): str(sha)
    for version, sha in read_toml(Path(__file__).with_name("releases.toml")).items()
}
# The template as it is, as a release that is newer than all others.
NOW = "v999.0.0"
OWN_FILES = (
    "ci-framework/project/baseline.json",
    "ci-framework/project/waivers.yaml",
    "ci-framework/project/own/notes.md",
)
SEEDS = (
    *("src/", "tests/", "README.md", "AGENTS.md", "LICENSE"),
    *("SECURITY.md", ".editorconfig"),
)


def unpack(sha: str, directory: Path) -> None:
    """Write the template of a commit into a directory."""
    known = subprocess.run(
        ["git", "cat-file", "-e", f"{sha}^{{commit}}"], cwd=ROOT, check=False
    )
    if known.returncode != 0:
        reason = f"this clone has no commit {sha[:12]}: `git fetch --unshallow`"
        if os.environ.get("TESTS_REQUIRE_TOOLS"):
            pytest.fail(reason)
        pytest.skip(reason)
    archive = subprocess.run(
        ["git", "archive", sha, "copier.yml", "template", "extensions"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    subprocess.run(
        ["tar", "-x", "-C", str(directory)], input=archive.stdout, check=True
    )


@pytest.fixture(params=sorted(RELEASES))
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A template with one release as it was, and the template as it is now."""
    version = str(request.param)
    path = tmp_path / "template-repository"
    path.mkdir()
    unpack(RELEASES[version], path)
    commit(path)
    run("git", "tag", f"v{version}", cwd=path)
    for entry in path.iterdir():
        if entry.name == ".git":
            continue
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    copy_template(path)
    run("git", "add", "--all", cwd=path)
    run("git", "commit", "--quiet", "--allow-empty", "-m", "now", cwd=path)
    run("git", "tag", NOW, cwd=path)
    return path


@pytest.mark.parametrize("manager", ["pixi", "uv"])
def test_a_released_version_updates_to_this_one_and_keeps_the_users_work(
    repository: Path, tmp_path: Path, manager: str, request: pytest.FixtureRequest
) -> None:
    version = str(request.node.callspec.params["repository"])
    answers: dict[str, object] = {"package_manager": manager}
    old = make_project(repository, tmp_path / "old", answers, ref=f"v{version}")
    edit(
        old / "pyproject.toml",
        "dependencies = []\n",
        'dependencies = ["packaging>=24"]\n',
    )
    with (old / "pyproject.toml").open("a", encoding="utf-8") as stream:
        stream.write('\n[tool.mine]\nkey = "value"\n')
        stream.write('\n[tool.ci-framework.commands]\ntypes = "true"\n')
    (old / "LICENSE").unlink()
    (old / "NOTES.md").write_text("# Notes\n")
    own = {name: f"# {name} of the project\n" for name in OWN_FILES}
    (old / "ci-framework" / "project" / "own").mkdir(parents=True, exist_ok=True)
    for name, text in own.items():
        (old / name).write_text(text)
    commit(old)

    update(old, to=NOW)

    assert conflicts(old) == []
    assert not (old / "LICENSE").exists()
    document = read_toml(old / "pyproject.toml")
    assert document["project"]["dependencies"] == ["packaging>=24"]
    assert document["tool"]["mine"] == {"key": "value"}
    assert document["tool"]["ci-framework"]["commands"] == {"types": "true"}
    assert {name: (old / name).read_text() for name in own} == own
    # A new default changes no answer that was recorded before.
    recorded = read_answers(old)["python_versions"]
    assert recorded == ["3.10", "3.11", "3.12", "3.13", "3.14"]
    answers["python_versions"] = recorded
    fresh = snapshot(make_project(repository, tmp_path / "new", answers, ref=NOW))
    updated = snapshot(old)
    shared = {"pyproject.toml", ".copier-answers.yml"}
    for name in fresh.keys() - shared:
        if not name.startswith(SEEDS):
            assert updated.get(name) == fresh[name], name
    # The engine that these releases brought along is gone, and nothing else is left.
    left = updated.keys() - fresh.keys() - own.keys() - {"NOTES.md"}
    assert [name for name in left if not name.startswith(SEEDS)] == []
    hashes = run("sha256sum", "--check", "ci-framework/files.sha256", cwd=old)
    assert "FAILED" not in hashes


def test_every_earlier_version_of_the_changelog_is_a_release_that_is_tested() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## (\d+\.\d+\.\d+)", changelog, re.MULTILINE)
    assert versions[0] == __version__
    # The newest one has no commit yet while it is being made.
    assert set(versions[1:]) <= set(RELEASES)
