"""A rollback restores the state before the adoption and keeps later work."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from ci_engine.errors import ToolError, UsageError
from ci_framework.applying.journal import read_journal, record_validation, write_journal
from ci_framework.applying.recover import recover
from ci_framework.applying.rollback import Rollback, rollback
from ci_framework.repository import open_repository
from tests.support.adoptable_repositories import commit, make_repository, tree, write
from tests.support.plans import FILES, PLANNED, adopt, picture
from tests.support.programs import run

# Each test adopts and rolls back a whole repository.
pytestmark = pytest.mark.heavy


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "project", FILES)


def git(path: Path, *words: str) -> str:
    return run("git", *words, cwd=path).strip()


def back(path: Path) -> Rollback:
    return rollback(open_repository(path))


def test_everything_is_as_it_was(project: Path) -> None:
    (project / "run.sh").chmod(0o754)
    (project / "windows.toml").chmod(0o600)
    write(project, {"draft.txt": "mine\n"})
    commit(project)
    write(project, {"notes.log": "mine\n"})
    before = picture(project)
    adopt(project)
    result = back(project)
    assert (result.done, result.how, result.branch) == (True, "branch", "main")
    assert picture(project) == before
    left = {location.name for location in (project / ".git/ci-framework").iterdir()}
    assert left == {"journal.json", "lock"}


def test_a_second_rollback_has_nothing_to_do(project: Path) -> None:
    adopt(project)
    back(project)
    before = picture(project, ours=True)
    result = back(project)
    assert (result.done, result.how) == (False, "nothing")
    assert picture(project, ours=True) == before


def test_a_repository_that_was_never_adopted_is_reported(project: Path) -> None:
    with pytest.raises(UsageError, match="no adoption") as raised:
        back(project)
    assert "git revert" in raised.value.hint


def test_adopting_again_works_after_a_rollback(project: Path) -> None:
    adopt(project)
    back(project)
    before = picture(project)
    adoption = adopt(project)
    assert adoption.branch == "ci-framework/adopt"
    back(project)
    assert picture(project) == before


def test_another_process_rolls_it_back(project: Path) -> None:
    before = picture(project)
    adopt(project)
    program = (
        "import sys; from pathlib import Path; "
        "from ci_framework.applying.rollback import rollback; "
        "from ci_framework.repository import open_repository; "
        "rollback(open_repository(Path(sys.argv[1])))"
    )
    run(sys.executable, "-c", program, project, cwd=project.parent)
    assert picture(project) == before


def test_the_original_branch_may_have_moved_on(project: Path, tmp_path: Path) -> None:
    adopt(project)
    other = tmp_path / "other"
    git(project, "worktree", "add", "--quiet", str(other), "main")
    write(other, {"src/demo.py": "VALUE = 2\n", "docs/new.md": "new\n"})
    (other / "run.sh").chmod(0o755)
    (other / ".gitignore").unlink()
    tip = commit(other)
    with pytest.raises(UsageError, match="checked out in"):
        back(project)
    git(project, "worktree", "remove", str(other))
    result = back(project)
    assert (result.how, result.branch) == ("branch", "main")
    assert git(project, "rev-parse", "HEAD") == tip
    assert git(project, "status", "--porcelain", "--ignored") == ""
    assert (project / "docs/new.md").read_text() == "new\n"
    assert (project / "run.sh").stat().st_mode & stat.S_IXUSR
    assert not (project / ".gitignore").exists()
    assert not (project / "ci-framework").exists()


def test_the_original_branch_may_be_gone(project: Path) -> None:
    adoption = adopt(project)
    git(project, "branch", "--quiet", "-D", "main")
    with pytest.raises(UsageError, match="no branch main") as raised:
        back(project)
    assert raised.value.hint == f"git branch main {adoption.base[:12]}"


def test_a_detached_head_is_detached_again(project: Path) -> None:
    git(project, "switch", "--quiet", "--detach")
    before = picture(project)
    adopt(project)
    assert back(project).branch == ""
    assert picture(project) == before


def test_later_commits_on_the_branch_are_kept(project: Path) -> None:
    adoption = adopt(project)
    ours = PLANNED["pyproject.toml"] or b""
    later: dict[str, str | bytes] = {
        "src/demo.py": "VALUE = 2\n",
        "pyproject.toml": b"# mine\n" + ours,
    }
    write(project, later)
    commit(project)
    result = back(project)
    assert (result.how, result.branch) == ("revert", adoption.branch)
    assert git(project, "log", "-1", "--format=%s") == 'Revert "Adopt ci-framework"'
    assert git(project, "status", "--porcelain") == ""
    assert (project / "src/demo.py").read_text() == "VALUE = 2\n"
    wanted = b"# mine\n" + str(FILES["pyproject.toml"]).encode()
    assert (project / "pyproject.toml").read_bytes() == wanted
    rest = git(project, "diff", "--name-only", "main", "HEAD").splitlines()
    assert rest == ["pyproject.toml", "src/demo.py"]
    assert not (project / "ci-framework").exists()


@pytest.mark.parametrize(
    "how",
    [
        "merge",
        pytest.param("squash", marks=pytest.mark.heavy),
        pytest.param("rebase", marks=pytest.mark.heavy),
    ],
)
def test_an_adoption_that_was_merged_is_taken_out(project: Path, how: str) -> None:
    adoption = adopt(project)
    git(project, "switch", "--quiet", "main")
    write(project, {"src/demo.py": "VALUE = 2\n"})
    ahead = commit(project)
    if how == "merge":
        git(project, "merge", "--quiet", "--no-ff", "-m", "merge", adoption.branch)
    elif how == "squash":
        git(project, "merge", "--quiet", "--squash", adoption.branch)
        commit(project, "squashed")
    else:
        git(project, "cherry-pick", adoption.commit)
    result = back(project)
    assert (result.how, result.branch) == ("revert", "main")
    # Byte for byte as without the adoption, including the retired file.
    assert tree(project) == tree(project, ahead)
    assert git(project, "status", "--porcelain") == ""
    assert git(project, "branch", "--list", adoption.branch) == ""
    assert back(project).how == "nothing"


def test_later_commits_that_overlap_are_shown_and_kept(project: Path) -> None:
    adopt(project)
    later: dict[str, str | bytes] = {
        "pyproject.toml": (PLANNED["pyproject.toml"] or b"") + b"mine = 1\n",
        "ci-framework/ci": "#!/bin/sh\nmine\n",
    }
    write(project, later)
    commit(project)
    before = picture(project, ours=True)
    with pytest.raises(UsageError) as raised:
        back(project)
    for found in ("pyproject.toml", "ci-framework/ci", "+mine = 1", "+mine"):
        assert found in str(raised.value)
    assert picture(project, ours=True) == before


@pytest.mark.parametrize("staged", [False, pytest.param(True, marks=pytest.mark.heavy)])
def test_edits_that_are_not_committed_are_shown_and_kept(
    project: Path, staged: bool
) -> None:
    adopt(project)
    write(project, {"pyproject.toml": "mine = 1\n"})
    if staged:
        git(project, "add", "pyproject.toml")
    before = picture(project, ours=True)
    with pytest.raises(UsageError, match=r"not committed overlap.*pyproject") as raised:
        back(project)
    assert "+mine = 1" in str(raised.value)
    assert picture(project, ours=True) == before


def test_edits_beside_the_adoption_stay_as_they_are(project: Path) -> None:
    adopt(project)
    write(project, {"src/demo.py": "VALUE = 2\n", "new.txt": "new\n"})
    git(project, "add", "new.txt")
    back(project)
    status = run("git", "status", "--porcelain", cwd=project).splitlines()
    assert status == ["A  new.txt", " M src/demo.py"]
    assert (project / "src/demo.py").read_text() == "VALUE = 2\n"


def test_an_untracked_file_where_one_comes_back_is_kept(project: Path) -> None:
    adopt(project)
    write(project, {"old/only.yml": "mine\n"})
    with pytest.raises(UsageError, match=r"rollback restores files: old/only\.yml"):
        back(project)
    assert (project / "old/only.yml").read_text() == "mine\n"


def test_a_branch_that_was_left_goes_alone(project: Path) -> None:
    before = picture(project)
    adoption = adopt(project)
    git(project, "switch", "--quiet", "main")
    git(project, "config", f"branch.{adoption.branch}.remote", "origin")
    result = back(project)
    assert result.how == "references"
    assert result.files == []
    after = picture(project)
    # Git wrote these files itself when it switched.
    assert after["branches"] == before["branches"]
    assert after["config"] == before["config"]
    assert after["status"] == ""


def test_work_on_the_branch_is_not_lost_from_another_branch(project: Path) -> None:
    adoption = adopt(project)
    write(project, {"src/demo.py": "VALUE = 2\n"})
    tip = commit(project)
    git(project, "switch", "--quiet", "main")
    with pytest.raises(UsageError, match="the adoption is not checked out") as raised:
        back(project)
    assert f"git switch {adoption.branch}" in raised.value.hint
    assert git(project, "rev-parse", adoption.branch) == tip


def test_a_squashed_adoption_elsewhere_is_not_forgotten(project: Path) -> None:
    git(project, "branch", "feature")
    adoption = adopt(project)
    git(project, "switch", "--quiet", "main")
    git(project, "merge", "--quiet", "--squash", adoption.branch)
    commit(project, "squashed")
    git(project, "branch", "--quiet", "-D", adoption.branch)
    git(project, "switch", "--quiet", "feature")
    with pytest.raises(UsageError, match="it is in main"):
        back(project)


def test_what_an_own_revert_took_out_is_closed(project: Path) -> None:
    adoption = adopt(project)
    git(project, "switch", "--quiet", "main")
    git(project, "merge", "--quiet", "--ff-only", adoption.branch)
    git(project, "branch", "--quiet", "-d", adoption.branch)
    git(project, "revert", "--no-edit", "HEAD")
    tip = git(project, "rev-parse", "HEAD")
    assert back(project).how == "references"
    assert git(project, "rev-parse", "HEAD") == tip
    assert back(project).how == "nothing"


@pytest.mark.parametrize(
    "setting", ["true", pytest.param("input", marks=pytest.mark.heavy)]
)
def test_line_ends_come_back_as_they_were(project: Path, setting: str) -> None:
    git(project, "config", "core.autocrlf", setting)
    before = picture(project)
    adopt(project)
    back(project)
    assert picture(project) == before


def test_files_that_git_wrote_again_in_the_meantime_are_no_edits(project: Path) -> None:
    adoption = adopt(project)
    git(project, "switch", "--quiet", "main")
    git(project, "config", "core.autocrlf", "true")
    git(project, "switch", "--quiet", adoption.branch)
    assert b"\r\n" in (project / "ci-framework/engine/main.py").read_bytes()
    back(project)
    assert git(project, "status", "--porcelain") == ""
    assert not (project / "ci-framework").exists()


def test_bytecode_of_our_files_goes_and_reports_stay(project: Path) -> None:
    write(project, {"src/__pycache__/demo.cpython-311.pyc": "theirs"})
    before = picture(project)
    adopt(project)
    cache = "ci-framework/engine/__pycache__"
    compiled: dict[str, str | bytes] = {
        f"{cache}/main.cpython-311.pyc": b"",
        ".ci-framework/.gitignore": "*\n",
        ".ci-framework/gate/result.json": "{}\n",
    }
    write(project, compiled)
    result = back(project)
    assert (project / ".ci-framework/gate/result.json").exists()
    assert any(".ci-framework/" in notice for notice in result.notices)
    for location in (".ci-framework/gate/result.json", ".ci-framework/.gitignore"):
        (project / location).unlink()
    (project / ".ci-framework/gate").rmdir()
    (project / ".ci-framework").rmdir()
    assert picture(project) == before


def test_a_directory_that_holds_something_stays(project: Path) -> None:
    (project / ".github/workflows").mkdir(parents=True)
    adopt(project)
    write(project, {"ci-framework/mine.txt": "mine\n"})
    back(project)
    # Made by the user, though empty; and one of ours with a file of the user.
    assert (project / ".github/workflows").is_dir()
    assert (project / "ci-framework/mine.txt").read_text() == "mine\n"
    assert not (project / "ci-framework/engine").exists()


def test_one_adoption_after_another_goes_back_step_by_step(project: Path) -> None:
    first = picture(project, ours=True)
    adoption = adopt(project)
    record_validation(open_repository(project), "green", "all passed")
    second = picture(project)
    adopt(project, {"later.txt": b"later\n"})
    assert git(project, "branch", "--show-current") == "ci-framework/adopt-2"
    assert back(project).branch == "ci-framework/adopt"
    assert picture(project) == second
    kept = git(project, "rev-parse", "refs/ci-framework/adoption/applied")
    assert kept == adoption.commit
    journal = read_journal(open_repository(project))
    assert journal is not None
    assert journal.phase == "validated"
    assert back(project).branch == "main"
    seen = picture(project)
    assert seen == {**first, "branches": seen["branches"]}
    assert not list((project / ".git/ci-framework").glob("journal-*"))


def test_a_rollback_that_cannot_write_leaves_the_adoption_in_force(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adopt(project)
    before = picture(project, ours=True)
    real = Path.replace
    # The last file: all others, and the restored directory, are done by then.
    stubborn = project / "windows.toml"

    def refuse(self: Path, target: Path) -> Path:
        if target == stubborn:
            assert (project / "old").is_dir()
            raise PermissionError(13, "Permission denied")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(ToolError, match="as it was before"):
        back(project)
    monkeypatch.undo()
    assert picture(project, ours=True) == before
    assert back(project).how == "branch"


def test_a_git_command_under_way_is_not_disturbed(project: Path) -> None:
    adopt(project)
    git(project, "bisect", "start")
    with pytest.raises(UsageError, match="bisection"):
        back(project)


def test_an_interrupted_apply_in_another_work_tree_is_left_to_it(
    project: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    git(project, "worktree", "add", "--quiet", "-b", "side", str(other))
    adopt(other)
    repository = open_repository(project)
    journal = read_journal(repository)
    assert journal is not None
    write_journal(repository, msgspec.structs.replace(journal, phase="switching"))
    with pytest.raises(UsageError, match="another work tree") as raised:
        recover(repository)
    assert str(other) in raised.value.hint
    # Once that work tree is gone, only references are left to roll back.
    git(project, "worktree", "remove", "--force", str(other))
    before = picture(project)
    recovery = recover(repository)
    assert recovery is not None
    assert recovery.outcome == "undone"
    after = picture(project)
    assert "ci-framework/adopt" not in after.pop("branches")
    before.pop("branches")
    assert after == before
    assert adopt(project).branch == "ci-framework/adopt"


@pytest.mark.heavy
def test_blobs_in_a_sha256_repository_are_named_right(tmp_path: Path) -> None:
    path = tmp_path / "project"
    path.mkdir()
    done = subprocess.run(
        ["git", "init", "--quiet", "--object-format=sha256", "-b", "main"],
        cwd=path,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("this git knows no SHA-256 repositories")
    make_repository(path, FILES)
    before = picture(path)
    adopt(path)
    assert all(
        len(entry.blob) == 64 for entry in open_repository(path).entries().values()
    )
    back(path)
    assert picture(path) == before
