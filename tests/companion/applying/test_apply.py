"""Applying a plan creates one commit on a new branch, or changes nothing."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import subprocess
from pathlib import Path

import pytest

from ci_engine.errors import ToolError, UsageError
from ci_framework.applying.apply import apply_plan
from ci_framework.applying.journal import read_journal
from ci_framework.applying.rollback import rollback
from ci_framework.planning.plan import Change
from ci_framework.repository import open_repository
from tests.support.adoptable_repositories import commit, make_repository, tree, write
from tests.support.plans import (
    FILES,
    PLANNED,
    adopt,
    changes_of,
    picture,
    plan_of,
)
from tests.support.programs import run


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "project", FILES)


def git(path: Path, *words: str) -> str:
    return run("git", *words, cwd=path).strip()


def test_one_commit_on_a_new_branch_holds_the_whole_plan(project: Path) -> None:
    base = git(project, "rev-parse", "HEAD")
    adoption = adopt(project)

    assert adoption.branch == "ci-framework/adopt"
    assert adoption.original_branch == "main"
    assert git(project, "branch", "--show-current") == adoption.branch
    assert git(project, "rev-list", "--parents", "-1", "HEAD").split() == [
        adoption.commit,
        base,
    ]
    assert git(project, "rev-parse", "main") == base
    changed = git(
        project, "diff", "--name-only", "--no-renames", "main", "HEAD"
    ).splitlines()
    assert sorted(changed) == sorted(PLANNED) == sorted(adoption.files)
    for path, content in PLANNED.items():
        location = project / path
        assert (location.read_bytes() if location.exists() else None) == content
    assert git(project, "status", "--porcelain") == ""
    assert not (project / "old").exists()
    assert git(project, "log", "-1", "--format=%an %s") == (
        "Ada Example Adopt ci-framework"
    )


def test_git_keeps_the_commits_before_and_after(project: Path) -> None:
    adoption = adopt(project)
    git(project, "switch", "--quiet", "main")
    git(project, "branch", "--quiet", "-D", adoption.branch)
    git(project, "reflog", "expire", "--expire=now", "--all")
    git(project, "gc", "--quiet", "--prune=now")
    for name, value in (("base", adoption.base), ("applied", adoption.commit)):
        found = git(project, "rev-parse", f"refs/ci-framework/adoption/{name}")
        assert found == value
        git(project, "cat-file", "-e", f"{value}^{{tree}}")


def test_new_programs_are_executable_also_without_file_modes(project: Path) -> None:
    git(project, "config", "core.fileMode", "false")
    (project / "pyproject.toml").chmod(0o600)
    adopt(project)
    assert git(project, "ls-files", "--stage", "ci-framework/ci").startswith("100755")
    assert (project / "ci-framework/ci").stat().st_mode & stat.S_IXUSR
    assert not (project / "build/kept.txt").stat().st_mode & stat.S_IXUSR
    # Existing files keep their permissions.
    assert stat.S_IMODE((project / "pyproject.toml").stat().st_mode) == 0o600


@pytest.mark.parametrize("setting", ["true", "input"])
def test_line_ends_are_stored_as_git_add_would(project: Path, setting: str) -> None:
    # A file that was committed with CRLF keeps it, a new one is converted.
    git(project, "config", "core.autocrlf", setting)
    git(project, "config", "core.safecrlf", "true")
    planned: dict[str, bytes | None] = {
        "windows.toml": b"[tool.demo]\r\nkey = 2\r\n",
        "new.txt": b"one\r\n",
    }
    adopt(project, planned)
    stored = run("git", "cat-file", "blob", "HEAD:new.txt", cwd=project)
    assert stored == "one\n"
    raw = subprocess.run(
        ["git", "cat-file", "blob", "HEAD:windows.toml"],
        cwd=project,
        capture_output=True,
        check=True,
    )
    assert raw.stdout == b"[tool.demo]\r\nkey = 2\r\n"
    assert (project / "new.txt").read_bytes() == b"one\r\n"
    assert git(project, "status", "--porcelain") == ""


def test_clean_filters_run_and_follow_the_attributes_of_the_plan(project: Path) -> None:
    git(project, "config", "filter.shout.clean", "tr a-z A-Z")
    git(project, "config", "filter.shout.smudge", "tr A-Z a-z")
    write(project, {".gitattributes": "*.low filter=shout\n"})
    commit(project)
    planned: dict[str, bytes | None] = {
        "a.low": b"quiet\n",
        "b.deep": b"quiet\n",
        ".gitattributes": b"*.low filter=shout\n*.deep filter=shout\n",
    }
    adopt(project, planned)
    assert git(project, "cat-file", "blob", "HEAD:a.low") == "QUIET"
    assert git(project, "cat-file", "blob", "HEAD:b.deep") == "QUIET"
    assert (project / "a.low").read_bytes() == b"quiet\n"
    assert git(project, "status", "--porcelain") == ""


def test_no_hook_runs_and_nothing_is_signed(project: Path, tmp_path: Path) -> None:
    hooks = tmp_path / "hooks"
    names = ("pre-commit", "commit-msg", "post-commit", "post-checkout")
    for name in (*names, "reference-transaction", "post-index-change"):
        for directory in (hooks, project / ".git/hooks"):
            directory.mkdir(exist_ok=True)
            script = directory / name
            script.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\nexit 1\n")
            script.chmod(0o755)
    git(project, "config", "core.hooksPath", str(hooks))
    git(project, "config", "commit.gpgSign", "true")
    git(project, "config", "gpg.program", str(tmp_path / "missing"))
    adoption = adopt(project)
    assert not (tmp_path / "ran").exists()
    assert "gpgsig" not in git(project, "cat-file", "commit", adoption.commit)


def test_nothing_outside_the_repository_changes(
    tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    write(home, {"sentinel": "home\n", ".gitconfig": ""})
    write(tmp_path, {"sentinel": "beside\n"})
    monkeypatch.setenv("HOME", str(home))
    adopt(project)
    assert {location.name for location in home.iterdir()} == {".gitconfig", "sentinel"}
    beside = {location.name for location in tmp_path.iterdir()}
    assert beside == {"home", "project", "sentinel"}
    assert (tmp_path / "sentinel").read_text() == "beside\n"


def test_a_user_without_a_name_gets_a_notice(
    tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "EMAIL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("user.name", "user.email"):
        git(project, "config", "--unset", name)
    adoption = adopt(project)
    author = git(project, "log", "-1", "--format=%an <%ae> %cn")
    assert author == (
        "ci-framework <ci-framework@users.noreply.github.com> ci-framework"
    )
    assert any("user.name" in notice for notice in adoption.notices)


def test_the_identity_of_the_environment_is_used(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Grace")
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "grace@example.org")
    adopt(project)
    author = git(project, "log", "-1", "--format=%an %ae %cn")
    assert author == "Grace grace@example.org Ada Example"


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        (["ci-framework/adopt"], "ci-framework/adopt-2"),
        (["ci-framework/Adopt", "ci-framework/adopt-2"], "ci-framework/adopt-3"),
        (["ci-framework"], "ci-framework-adopt"),
        (["ci-framework", "ci-framework-adopt"], "ci-framework-adopt-2"),
        (["ci-framework/adopt/more"], "ci-framework/adopt-2"),
    ],
)
def test_a_branch_that_is_taken_is_left_alone(
    project: Path, taken: list[str], expected: str
) -> None:
    for name in taken:
        git(project, "branch", name)
    assert adopt(project).branch == expected
    for name in taken:
        assert git(project, "rev-parse", name) == git(project, "rev-parse", "main")


def test_a_name_that_is_no_branch_is_refused(project: Path) -> None:
    repository = open_repository(project)
    changes = changes_of(repository, PLANNED)
    with pytest.raises(UsageError, match="name of a branch"):
        apply_plan(repository, plan_of(repository), changes, branch="a..b", message="x")


def test_a_plan_that_is_out_of_date_writes_nothing(project: Path) -> None:
    repository = open_repository(project)
    changes = changes_of(repository, PLANNED)
    plan = plan_of(repository)
    write(project, {"pyproject.toml": "changed = 1\n"})
    commit(project)
    before = picture(project)
    with pytest.raises(UsageError, match=r"out of date.*pyproject\.toml"):
        apply_plan(open_repository(project), plan, changes, message="x")
    assert picture(project) == before


def test_an_empty_plan_is_refused(project: Path) -> None:
    repository = open_repository(project)
    with pytest.raises(UsageError, match="makes no change"):
        apply_plan(repository, plan_of(repository), [], message="x")


def test_flags_of_other_files_in_the_index_stay(project: Path) -> None:
    git(project, "update-index", "--assume-unchanged", "src/demo.py")
    adopt(project)
    assert git(project, "ls-files", "-v", "src/demo.py") == "h src/demo.py"


def test_a_work_tree_beside_the_first_is_adopted_alone(
    project: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    git(project, "worktree", "add", "--quiet", "-b", "side", str(other))
    before = picture(project)
    adoption = adopt(other)
    assert git(other, "branch", "--show-current") == adoption.branch
    assert git(other, "status", "--porcelain") == ""
    after = picture(project)
    assert after.pop("branches") != before.pop("branches")
    assert after == before
    journal = read_journal(open_repository(project))
    assert journal is not None
    assert journal.work_tree.startswith("worktrees/")


@pytest.mark.heavy
def test_a_full_disk_leaves_everything_as_it_was(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever file no longer matches the plan."""
    before = picture(project)
    real, refused = os.fsync, 0
    for point in range(1, 100, 6):
        calls = 0

        def full(descriptor: int, point: int = point) -> None:
            nonlocal calls
            calls += stat.S_ISREG(os.fstat(descriptor).st_mode)
            if calls == point:
                calls += 1
                raise OSError(errno.ENOSPC, "No space left on device")
            real(descriptor)

        monkeypatch.setattr(os, "fsync", full)
        with contextlib.suppress(ToolError):
            adopt(project)
            break
        refused += 1
        assert picture(project) == before, point
    assert refused > 3


def test_a_file_that_appears_meanwhile_is_not_overwritten(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = picture(project)
    real = Path.hardlink_to
    mine = project / "ci-framework/ci"

    def late(self: Path, target: Path) -> None:
        if self == mine:
            self.write_text("mine\n")
        real(self, target)

    monkeypatch.setattr(Path, "hardlink_to", late)
    # It cannot be undone either: the content of the file is unknown.
    with pytest.raises(ToolError, match="undoing it failed as well"):
        adopt(project)
    assert mine.read_text() == "mine\n"
    mine.unlink()
    monkeypatch.undo()
    assert rollback(open_repository(project)).how == "interrupted"
    assert picture(project) == before


def test_names_of_branches_in_other_alphabets_and_messages_survive(
    tmp_path: Path,
) -> None:
    path = make_repository(tmp_path / "p", FILES, branch="hauptzweig-ä")
    repository = open_repository(path)
    changes = changes_of(repository, PLANNED)
    adoption = apply_plan(
        repository, plan_of(repository), changes, message="Übernahme\n\nSchön\n"
    )
    assert adoption.original_branch == "hauptzweig-ä"
    assert git(path, "log", "-1", "--format=%s") == "Übernahme"


def test_a_mode_alone_can_change(project: Path) -> None:
    repository = open_repository(project)
    content = b"#!/bin/sh\n"
    change = Change("run.sh", content, content, "100755")
    apply_plan(repository, plan_of(repository), [change], message="x\n")
    assert (project / "run.sh").stat().st_mode & stat.S_IXUSR
    assert git(project, "ls-files", "--stage", "run.sh").startswith("100755")


def test_a_shallow_clone_is_adopted(project: Path, tmp_path: Path) -> None:
    commit(project, "second")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{project}", str(clone))
    git(clone, "config", "user.name", "Ada")
    git(clone, "config", "user.email", "ada@example.org")
    adoption = adopt(clone)
    assert tree(clone, adoption.base) == tree(project)
