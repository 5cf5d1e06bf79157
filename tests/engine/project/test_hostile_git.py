"""No program runs that the configuration or the attributes of a repository name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ci_engine.errors import ToolError
from ci_engine.project.file_listing import list_names
from ci_engine.project.git import without_filters
from tests.support.projects import DemoProject, clean_environment, git

ATTRIBUTES = "* filter=evil diff=evil merge=evil\n*.py diff=evil filter=evil text\n"
HOOKS = (
    *("post-checkout", "post-commit", "pre-commit", "post-index-change", "pre-push"),
    *("fsmonitor-watchman", "reference-transaction", "post-merge", "pre-auto-gc"),
)
ENGINE = (
    *(("gate", "--only", "lint,no-conflict-markers"), ("changes",), ("packages",)),
    *(("validate",), ("cleanup",), ("scan", "--only", "bandit"), ("doctor",)),
    *(("config",), ("setup", "--dry-run"), ("summary", "--reports", ".")),
    ("cleanup", "--apply"),
)
COMPANION = (("analyze",), ("plan",), ("status",))


@pytest.fixture
def mark(project: DemoProject) -> Path:
    """A repository that leaves a file as soon as git runs a program of it."""
    root = project.root
    mark = root.parent / "mark"
    project.write("old.tmp", "x")
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "start")
    project.write(".gitattributes", ATTRIBUTES)
    program = root.parent / "program"
    program.write_text(f"#!/bin/sh\necho \"$0 $*\" >>'{mark}'\ncat\n", "utf-8")
    program.chmod(0o755)
    hooks = root / ".git" / "hooks"
    for name in HOOKS:
        (hooks / name).write_bytes(program.read_bytes())
        (hooks / name).chmod(0o755)
    settings = {
        "core.fsmonitor": str(program),
        "core.hooksPath": str(hooks),
        "core.pager": str(program),
        "diff.external": str(program),
        "diff.evil.command": str(program),
        "diff.evil.textconv": str(program),
        "merge.evil.driver": str(program),
        "filter.evil.clean": str(program),
        "filter.evil.smudge": str(program),
        "filter.evil.required": "true",
        "log.showSignature": "true",
        "gpg.program": str(program),
    }
    for name, value in settings.items():
        with (root / ".git" / "config").open("a", encoding="utf-8") as stream:
            section, _, key = name.rpartition(".")
            part, _, rest = section.partition(".")
            header = f'[{part} "{rest}"]' if rest else f"[{part}]"
            stream.write(f"{header}\n\t{key} = {value}\n")
    # Changed, so that git has to read it, through the filter if there is one.
    project.write("src/demo/__init__.py", '"""Changed."""\n')
    return mark


def test_git_itself_would_run_them(project: DemoProject, mark: Path) -> None:
    subprocess.run(
        ["git", "status"], cwd=project.root, env=clean_environment(), check=False
    )
    assert mark.exists()


def test_a_repository_in_a_directory_is_not_taken_for_ours(tmp_path: Path) -> None:
    """It would list other files than those that are there."""
    git(tmp_path, "init", "--quiet")
    package = tmp_path / "packages" / "a"
    git(tmp_path, "init", "--quiet", "--bare", str(package))
    with (package / "config").open("a", encoding="utf-8") as stream:
        stream.write("[core]\n\tbare = false\n\tworktree = .\n")
    (package / "hidden.py").write_text("import os\n", encoding="utf-8")
    (package / "shown.py").write_text("", encoding="utf-8")
    plain = git(package, "rev-parse", "--show-toplevel").strip()
    assert plain == str(package)
    git(package, "add", "shown.py")
    with pytest.raises(ToolError, match=r"safe\.bareRepository"):
        list_names(package, ".ci-framework", in_work_tree=True)


@pytest.mark.heavy
def test_no_command_of_the_engine_runs_one(project: DemoProject, mark: Path) -> None:
    for words in ENGINE:
        project.run(*words)
        assert not mark.exists(), (words, mark.read_text(encoding="utf-8"))


@pytest.mark.heavy
def test_no_command_of_the_companion_runs_one(project: DemoProject, mark: Path) -> None:
    for words in COMPANION:
        subprocess.run(
            [sys.executable, "-m", "ci_framework", *words],
            cwd=project.root,
            env=clean_environment(),
            capture_output=True,
            check=False,
        )
        assert not mark.exists(), (words, mark.read_text(encoding="utf-8"))


def test_git_lfs_and_the_filters_of_the_user_stay(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    assert without_filters(tmp_path) == ()
    without_filters.cache_clear()
    lfs = {"clean": "git-lfs clean -- %f", "smudge": "git-lfs smudge -- %f"}
    for key, value in {**lfs, "process": "git-lfs filter-process"}.items():
        git(tmp_path, "config", "--local", f"filter.lfs.{key}", value)
    git(tmp_path, "config", "--local", "filter.x.clean", "git-lfs clean; evil")
    assert without_filters(tmp_path) == ("-c", "filter.x.clean=")
