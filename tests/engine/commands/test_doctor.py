"""``ci doctor``: what the engine finds on this machine."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import cast

import pytest

from tests.support.projects import DemoProject, Json, Run, git, program


def test_everything_that_is_required_is_there(project: DemoProject) -> None:
    run = project.run("doctor", "--json")
    assert run.code == 0, str(run)
    answer = json.loads(run.stdout)
    assert answer["ok"] is True
    facts = {fact["name"]: fact["value"] for fact in answer["facts"]}
    assert facts["git"].startswith("git version")
    assert facts["repository"] == str(project.root)
    assert facts["environment"] == ".venv"
    assert facts["cache"].startswith(str(project.cache))


def problems(run: Run) -> dict[str, Json]:
    """The problems by the beginning of their message."""
    assert run.code in (0, 1), str(run)
    found = cast("list[Json]", json.loads(run.stdout)["problems"])
    assert all(problem["hint"] for problem in found), found
    return {str(problem["message"]): problem for problem in found}


@pytest.mark.heavy
def test_what_is_wrong_with_a_project_is_named_with_the_next_step(
    project: DemoProject,
) -> None:
    project.git_init()
    sound = project.run("doctor", "--json")
    assert sound.code == 0, str(sound)
    assert not [p for p in problems(sound).values() if p["broken"]]
    project.write(".pre-commit-config.yaml", "repos: []\n")
    project.configure(
        '[tool.ci-framework.commands]\nlint = "true"\n'
        "[tool.ci-framework.checks.format]\nblocking = false\n"
        '[tool.ci-framework.checks.imports]\ntier = "none"\n'
        "[tool.ci-framework.policy]\nfunction-lines = 50\n"
        '[tool.ci-framework.services.redis]\nimage = "redis:7"\nport = 1\n'
    )
    run = project.run("doctor", "--json")
    found = problems(run)
    for text in (
        "the command of lint is `true`: it checks nothing",
        "tool.ci-framework.checks.format.blocking is false: it never fails a run",
        'tool.ci-framework.checks.imports.tier is "none": the check does not run',
        "tool.ci-framework.policy.function-lines is deprecated, and may be removed "
        "from 2027-06-30 on; use policy.function-statements",
        "git hooks are not installed in this clone: pre-commit",
    ):
        assert text in found, found
        assert found[text]["broken"] is False
    (service,) = [text for text in found if text.startswith("service redis")]
    assert "setup --services start" in str(found[service]["hint"])
    hashes = f"{'0' * 64}  ci-framework/engine.lock\n"
    project.write("ci-framework/files.sha256", hashes)
    project.append("pyproject.toml", "[tool.ci-framework.scan]\ntire = 3\n")
    red = project.run("doctor", "--json")
    assert red.code == 1, str(red)
    about = {str(p["about"]) for p in problems(red).values() if p["broken"]}
    assert about >= {"configuration", "drift"}


@pytest.mark.heavy
def test_a_newer_version_is_looked_for_only_if_that_is_asked(
    project: DemoProject, tmp_path: Path
) -> None:
    project.git_init()
    git(project.root, "tag", "v2.0.0")
    git(project.root, "tag", "--annotate", "--message=newer", "v99.1.0")
    source = tmp_path / "template"
    project.root.rename(source)
    shutil.copytree(source, project.root, symlinks=True)
    answers = f"_src_path: {source}\n_commit: v2.0.0\n"
    project.write(".copier-answers.yml", answers)
    rows = project.read("ci-framework/engine.lock").splitlines(keepends=True)
    commit = git(source, "rev-parse", "v99.1.0^{commit}").strip()
    pinned = commit[:-1] + ("1" if commit.endswith("0") else "0")
    lock = f"# commit: {pinned}\n# answers: .copier-answers.yml\n"
    lock += "".join(row for row in rows if not row.startswith("# commit"))
    project.write("ci-framework/engine.lock", lock)
    newer = "version 99.1.0 is available"
    offline = project.run("doctor").stdout
    assert newer not in offline
    settings = "note: versions: the answers are of v2.0.0, and the settings of version"
    assert settings in offline
    online = project.run("doctor", "--online").stdout
    assert newer in online
    moved = f"pins the engine of commit {pinned[:12]}, but v2.0.0 is "
    assert f"problem: versions: ci-framework/engine.lock {moved}" in online
    shutil.rmtree(source)
    unknown = project.run("doctor", "--online")
    assert "are not known" in unknown.stdout, str(unknown)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pyproject.toml", "[tool\n"),
        ("pyproject.toml", "[tool]\nci-framework = 3\n"),
        ("pyproject.toml", "\x00\xff"),
        (".pre-commit-config.yaml", "repos: [\n"),
        ("ci-framework/engine.lock", "\x00"),
        ("ci-framework/project/baseline.json", "{"),
    ],
)
def test_a_broken_project_is_no_crash(
    project: DemoProject, name: str, content: str
) -> None:
    project.git_init()
    project.write(name, content)
    run = project.run("doctor")
    assert run.code in (0, 1), str(run)
    assert "Traceback" not in run.stdout + run.stderr
    assert name not in ("pyproject.toml",) or "problem: configuration:" in run.stdout


def test_a_missing_git_is_named_with_the_next_step(
    project: DemoProject, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    bash = shutil.which("bash")
    assert bash
    (tmp_path / "bin" / "bash").symlink_to(bash)
    run = project.run("doctor", variables={"PATH": str(tmp_path / "bin")})
    assert run.code == 3, str(run)
    (line,) = [row for row in run.stdout.splitlines() if row.startswith("git ")]
    assert line.split(maxsplit=1)[1] == "MISSING: not found"
    assert "hint: install git" in run.stdout


def test_a_git_that_is_too_old_is_named_with_the_next_step(
    project: DemoProject, tmp_path: Path
) -> None:
    program(tmp_path / "bin", "git", "print('git version 2.25.1')\n")
    run = project.run("doctor", variables={"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"})
    assert run.code == 3, str(run)
    assert "MISSING: git version 2.25.1" in run.stdout
    assert "hint: install git 2.31 or later" in run.stdout


@pytest.mark.heavy
def test_what_is_wrong_with_the_clone_is_named(
    project: DemoProject, tmp_path: Path
) -> None:
    without = project.run("doctor")
    assert "note: git: the project is in no repository of git" in without.stdout
    project.write("README.md", "# Demo\n")
    project.git_init()
    project.append("README.md", "<<<<<<< before\na\n=======\nb\n>>>>>>> after\n")
    left = project.run("doctor")
    assert left.code == 1, str(left)
    assert "problem: git: README.md:" in left.stdout
    git(project.root, "commit", "--quiet", "--all", "--message=second")
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{project.root}", "shallow")
    shutil.rmtree(project.root / ".git")
    (tmp_path / "shallow" / ".git").rename(project.root / ".git")
    shallow = project.run("doctor").stdout
    assert "note: git: the clone is shallow" in shallow
    assert "hint: run `git fetch --unshallow`" in shallow


def test_a_conflict_in_the_answers_is_named_once(project: DemoProject) -> None:
    project.git_init()
    lock = project.read("ci-framework/engine.lock")
    # As a checkout on Windows may have it.
    lock = f"# answers: .copier-answers.yml\n{lock}".replace("\n", "\r\n")
    project.write("ci-framework/engine.lock", lock)
    marked = "a: 1\n<<<<<<< before\nb: 1\n=======\nb: 2\n>>>>>>> after\n"
    project.write(".copier-answers.yml", marked)
    run = project.run("doctor")
    assert run.code == 1, str(run)
    assert run.stdout.count("not valid YAML") == 1
    assert "hint: correct .copier-answers.yml at the line named above" in run.stdout
