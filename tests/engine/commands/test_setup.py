"""``ci setup`` can be repeated, and touches only its own files.

Its uv is a stand-in that makes an environment from the packages of these tests.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.projects import (
    DemoProject,
    Run,
    add_uv,
    assert_green,
    git,
    install_tool,
    snapshot,
)

# Slow: each test runs real programs.
pytestmark = pytest.mark.heavy

HOOKS = "default_install_hook_types: [pre-commit, pre-push]\nrepos: []\n"


@pytest.fixture
def tools(project: DemoProject, tmp_path: Path) -> Path:
    """Nothing is installed from elsewhere, and never into our own environment."""
    (project.root / ".venv").unlink()
    folder = tmp_path / "tools"
    folder.mkdir()
    found = shutil.which("git")
    assert found is not None
    (folder / "git").symlink_to(found)
    add_uv(folder)
    install_tool(project, "pre-commit")
    return folder


def setup(project: DemoProject, tools: Path, *words: str, **variables: str) -> Run:
    paths = f"{tools}:/usr/bin:/bin"
    return project.run("setup", *words, variables={"PATH": paths, **variables})


def tracked(project: DemoProject) -> dict[str, bytes | str]:
    ours = (".ci-framework/", ".venv/", ".git/")
    files = snapshot(project.root)
    return {name: text for name, text in files.items() if not name.startswith(ours)}


def test_setup_prepares_the_environment_and_the_hooks(
    project: DemoProject, tools: Path
) -> None:
    project.write(".pre-commit-config.yaml", HOOKS)
    project.git_init()
    before = tracked(project)
    run = setup(project, tools)
    assert_green(run)
    assert [check["id"] for check in run.result["checks"]] == ["environment", "hooks"]
    assert run.check("environment")["environment"] == ".venv"
    assert run.result["python"]
    hook = project.root / ".git" / "hooks" / "pre-commit"
    assert "pre-commit" in hook.read_text(encoding="utf-8")
    reports = run.check("hooks")["reason"].split("; ")
    assert [text.rpartition("/")[2] for text in reports] == ["pre-commit", "pre-push"]
    assert tracked(project) == before
    assert_green(project.gate("test"))


def test_setup_may_be_repeated(project: DemoProject, tools: Path) -> None:
    project.write(".pre-commit-config.yaml", HOOKS)
    project.git_init()
    assert_green(setup(project, tools))
    hooks = snapshot(project.root / ".git" / "hooks")
    before = tracked(project)
    assert_green(setup(project, tools))
    assert snapshot(project.root / ".git" / "hooks") == hooks
    assert tracked(project) == before


def test_a_hook_that_is_there_is_kept(project: DemoProject, tools: Path) -> None:
    project.write(".pre-commit-config.yaml", HOOKS)
    project.git_init()
    mine = "#!/bin/sh\necho mine\n"
    project.write(".git/hooks/pre-commit", mine)
    assert_green(setup(project, tools))
    kept = project.root / ".git" / "hooks" / "pre-commit.legacy"
    assert kept.read_text(encoding="utf-8") == mine


def test_hooks_that_are_elsewhere_are_left_alone(
    project: DemoProject, tools: Path
) -> None:
    project.write(".pre-commit-config.yaml", HOOKS)
    project.git_init()
    git(project.root, "config", "core.hooksPath", ".husky")
    run = setup(project, tools)
    assert_green(run)
    assert run.check("hooks")["status"] == "skipped"
    assert "core.hooksPath is .husky" in run.check("hooks")["reason"]
    assert not (project.root / ".git/hooks/pre-commit").exists()


@pytest.mark.parametrize(
    ("file", "with_git", "reason"),
    [
        (".pre-commit-config.yaml", False, "not a git repository: run `git init`"),
        ("other.yaml", True, "there is no .pre-commit-config.yaml"),
    ],
)
def test_hooks_that_are_not_possible_are_skipped_with_the_reason(
    project: DemoProject, tools: Path, file: str, with_git: bool, reason: str
) -> None:
    project.write(file, HOOKS)
    if with_git:
        project.git_init()
    run = setup(project, tools)
    assert_green(run)
    assert run.check("hooks")["status"] == "skipped"
    assert reason in run.check("hooks")["reason"]


def test_a_push_runs_the_gate_with_the_hooks_of_prek(
    project: DemoProject, tools: Path
) -> None:
    """A hook of ours for pushes is installed whatever the types are by default."""
    prek = shutil.which("prek")
    assert prek
    (tools / "prek").symlink_to(prek)
    project.write(
        ".pre-commit-config.yaml",
        "repos:\n- repo: local\n  hooks:\n  - id: ci-framework-push\n"
        "    name: the gate\n    entry: bash check.sh\n    language: system\n"
        "    stages: [pre-push]\n    always_run: true\n    pass_filenames: false\n",
    )
    project.write("check.sh", "echo the gate is red; exit 1\n")
    project.git_init()
    run = setup(project, tools)
    assert_green(run)
    assert run.check("hooks")["tool"].startswith("prek")
    for name in ("pre-commit", "pre-push"):
        assert (project.root / ".git/hooks" / name).is_file()
    there = project.root.parent / "there.git"
    git(project.root, "init", "-q", "--bare", str(there))
    push = ("push", "-q", str(there), "HEAD:main")
    said = git(project.root, *push, check=False)
    assert git(there, "branch", "--list") == "", said
    project.write("check.sh", "exit 0\n")
    git(project.root, *push)
    assert "main" in git(there, "branch", "--list")


def test_no_hooks_means_none(project: DemoProject, tools: Path) -> None:
    project.write(".pre-commit-config.yaml", HOOKS)
    project.git_init()
    run = setup(project, tools, "--no-hooks")
    assert_green(run)
    assert [check["id"] for check in run.result["checks"]] == ["environment"]
    assert not (project.root / ".git/hooks/pre-commit").exists()


def test_dry_run_does_nothing(project: DemoProject, tools: Path) -> None:
    project.git_init()
    before = snapshot(project.root)
    run = setup(project, tools, "--dry-run")
    assert run.code == 0
    assert "environment: " in run.stdout
    assert snapshot(project.root) == before


def test_an_environment_that_cannot_be_made_is_an_error(
    project: DemoProject, tools: Path
) -> None:
    (tools / "uv").write_text("#!/bin/sh\necho no network >&2\nexit 2\n", "utf-8")
    run = setup(project, tools)
    assert run.code == 3
    assert run.check("environment")["status"] == "not-run"
    assert "no network" in run.check("environment")["output"]


@pytest.mark.parametrize("command", ["setup", "gate", "validate"])
def test_nothing_outside_of_the_repository_changes(
    project: DemoProject, tools: Path, tmp_path: Path, command: str
) -> None:
    """Sentinels beside the repository, in HOME and in TMPDIR survive."""
    project.write(".pre-commit-config.yaml", HOOKS)
    project.git_init()
    install_tool(project, "check-jsonschema")
    install_tool(project, "ruff")
    locations = [tmp_path / name for name in ("home", "tmp", "demo-beside")]
    for location in locations:
        (location / ".config").mkdir(parents=True)
        (location / ".bashrc").write_text("mine", encoding="utf-8")
        (location / "sentinel").write_text("mine", encoding="utf-8")
    (tmp_path / "sentinel").write_text("mine", encoding="utf-8")
    before = [snapshot(location) for location in locations]
    variables = {
        "HOME": str(locations[0]),
        "TMPDIR": str(locations[1]),
        "PATH": f"{tools}:/usr/bin:/bin",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    words = ("--only", "no-conflict-markers,lint,test") if command == "gate" else ()
    assert_green(project.run(command, *words, variables=variables))
    assert [snapshot(location) for location in locations] == before
    assert (tmp_path / "sentinel").read_text(encoding="utf-8") == "mine"
