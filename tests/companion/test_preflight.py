"""Preconditions for writing a file, each with the next step."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ci_engine.errors import UsageError
from ci_framework.planning.plan import Change
from ci_framework.preflight import check_ready, look
from ci_framework.repository import open_repository
from tests.support.adoptable_repositories import commit, make_repository, write
from tests.support.plans import FILES, adopt, picture
from tests.support.programs import run


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "project", FILES)


def git(path: Path, *words: str) -> str:
    return run("git", *words, cwd=path).strip()


def try_git(path: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=path, capture_output=True, check=False)


@pytest.mark.parametrize("how", ["file", "variables"])
def test_line_ends_are_those_of_the_users_settings(
    tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As Git for Windows does, wherever its settings come from.
    project = make_repository(tmp_path / "project", {"a.py": "A = 1\n"})
    git(project, "config", "--unset", "core.autocrlf")
    if how == "file":
        settings = tmp_path / "settings"
        settings.write_text("[core]\nautocrlf = true\n")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    else:
        monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
        monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.autocrlf")
        monkeypatch.setenv("GIT_CONFIG_VALUE_0", "true")
    (project / "a.py").unlink()
    git(project, "checkout", "--", "a.py")
    assert (project / "a.py").read_bytes() == b"A = 1\r\n"
    check_ready(open_repository(project), [new("b.py")])


def new(path: str) -> Change:
    return Change(path, None, b"new\n", "100644")


def _diverge(path: Path) -> None:
    git(path, "switch", "--quiet", "-c", "other")
    write(path, {"src/demo.py": "VALUE = 2\n"})
    commit(path)
    git(path, "switch", "--quiet", "main")
    write(path, {"src/demo.py": "VALUE = 3\n"})
    commit(path)


def _merge(path: Path) -> None:
    _diverge(path)
    try_git(path, "merge", "other")


def _pick(path: Path) -> None:
    _diverge(path)
    try_git(path, "cherry-pick", "other")


def _revert(path: Path) -> None:
    _diverge(path)
    git(path, "revert", "--no-commit", "HEAD")


def _rebase(path: Path) -> None:
    _diverge(path)
    try_git(path, "rebase", "other")


def _am(path: Path) -> None:
    _diverge(path)
    patch = git(path, "format-patch", "-1", "--stdout", "other")
    (path.parent / "patch").write_text(patch + "\n")
    try_git(path, "am", str(path.parent / "patch"))


def _bisect(path: Path) -> None:
    git(path, "bisect", "start")


def _locked(path: Path) -> None:
    (path / ".git/index.lock").touch()


def _detached(path: Path) -> None:
    git(path, "switch", "--quiet", "--detach")
    commit(path, "only here")


def _dirty(path: Path) -> None:
    write(path, {"src/demo.py": "VALUE = 2\n"})


def _staged(path: Path) -> None:
    write(path, {"src/more.py": "VALUE = 2\n"})
    git(path, "add", "src/more.py")


def _sparse(path: Path) -> None:
    git(path, "sparse-checkout", "set", "src")


@pytest.mark.parametrize(
    ("prepare", "found", "hint"),
    [
        (_merge, "a merge under way", "git merge --abort"),
        (_pick, "a cherry-pick under way", "git cherry-pick --abort"),
        (_revert, "a revert under way", "git revert --abort"),
        (_rebase, "a rebase under way", "git rebase --abort"),
        (_am, "git am under way", "git am --abort"),
        (_bisect, "a bisection under way", "git bisect reset"),
        (_locked, "index.lock", "remove"),
        (_detached, "a detached HEAD", "git switch -c NAME"),
        (_dirty, "uncommitted changes: src/demo.py", "git stash"),
        (_staged, "uncommitted changes: src/more.py", "git commit"),
        (_sparse, "a sparse checkout", "git sparse-checkout disable"),
    ],
)
def test_a_state_that_is_not_safe_is_refused_with_the_way_out(
    project: Path, prepare: Callable[[Path], None], found: str, hint: str
) -> None:
    prepare(project)
    before = picture(project)
    repository = open_repository(project)
    with pytest.raises(UsageError) as raised:
        check_ready(repository, [new("new.txt")])
    said = f"{raised.value} {raised.value.hint}"
    assert found in said
    assert "expected" in said
    assert hint in said
    with pytest.raises(UsageError):
        adopt(project, {"new.txt": b"new\n"})
    assert picture(project) == before


def test_a_repository_without_a_commit_is_refused(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    with pytest.raises(UsageError, match="no commit yet") as raised:
        check_ready(open_repository(tmp_path), [new("new.txt")])
    assert "git commit" in raised.value.hint


def test_a_detached_head_that_a_branch_holds_is_fine(project: Path) -> None:
    commit(project, "second")
    git(project, "switch", "--quiet", "--detach", "HEAD~1")
    assert check_ready(open_repository(project), [new("new.txt")]) == []
    adoption = adopt(project)
    assert adoption.original_branch == ""


def test_untracked_files_elsewhere_are_fine(project: Path) -> None:
    write(project, {"draft.txt": "mine\n", "debug.log": "mine\n"})
    adopt(project)
    assert (project / "draft.txt").read_text() == "mine\n"
    assert (project / "debug.log").read_text() == "mine\n"


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_places_that_are_taken_are_refused(project: Path) -> None:
    (project / "elsewhere").mkdir()
    (project / ".github").symlink_to("elsewhere")
    (project / "link.txt").symlink_to("src")
    (project / "broken").symlink_to("nowhere")
    write(project, {"draft.txt": "mine\n", "debug.log": "mine\n", "dir/x": "x\n"})
    write(project, {"nested/.git/HEAD": "x\n"})
    expected = {
        "draft.txt": "in the way of a new file",
        "debug.log": "ignored by .gitignore:1 *.log",
        "dir": "a directory or a special file",
        "link.txt": "which is a link",
        "broken": "which is a link",
        "draft.txt/deeper": "draft.txt, which is a file",
        ".github/workflows/ci.yml": ".github, which is a link",
        "nested/file": "a repository of its own",
        "SRC/Demo.py": "only in case",
        "Run.sh/x": "only in case",
        "../out": "the path",
        "a/.GIT/config": "the path",
        "/etc/motd": "the path",
        "a\\b": "the path",
        "\udcff.yml": "the path",
    }
    repository = open_repository(project)
    for path, found in expected.items():
        refusals = look(repository, [new(path)]).refusals
        assert [found in str(item) for item in refusals] == [True], (path, refusals)
    assert look(repository, [new("Src/other.py")]).refusals == []
    behind = [new(f".github/workflows/{name}.yml") for name in "abc"]
    (refusal,) = look(repository, behind).refusals
    assert "to .github/workflows/a.yml and 2 more" in refusal.found


def test_every_reason_is_reported_at_once(project: Path) -> None:
    _dirty(project)
    _locked(project)
    write(project, {"draft.txt": "mine\n"})
    with pytest.raises(UsageError) as raised:
        check_ready(open_repository(project), [new("draft.txt")])
    for found in ("3 problems", "index.lock", "src/demo.py", "draft.txt"):
        assert found in str(raised.value)


def test_a_submodule_is_not_written_to(project: Path, tmp_path: Path) -> None:
    inner = make_repository(tmp_path / "inner", {"a.txt": "a\n"})
    words = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add")
    git(project, *words, str(inner), "vendor/inner")
    commit(project)
    repository = open_repository(project)
    (refusal,) = look(repository, [new("vendor/inner/new.txt")]).refusals
    assert "a submodule" in str(refusal)
    # Changes inside a submodule block nothing.
    write(project, {"vendor/inner/a.txt": "b\n"})
    assert look(open_repository(project), [new("new.txt")]).refusals == []


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_a_file_whose_changes_git_overlooks_is_not_edited(
    project: Path, flag: str
) -> None:
    git(project, "update-index", flag, "pyproject.toml")
    write(project, {"pyproject.toml": "mine = 1\n"})
    with pytest.raises(UsageError, match="set to ignore"):
        adopt(project, {"pyproject.toml": b"ours = 1\n"})
    assert (project / "pyproject.toml").read_text() == "mine = 1\n"


def test_an_untracked_file_is_not_edited(project: Path) -> None:
    write(project, {"setup.cfg": "mine\n"})
    with pytest.raises(UsageError, match="git does not track"):
        adopt(project, {"setup.cfg": b"ours\n"})
    assert (project / "setup.cfg").read_text() == "mine\n"


def test_files_that_git_ignores_are_reported_and_committed(project: Path) -> None:
    adoption = adopt(project)
    assert adoption.notices == [
        "build/kept.txt is ignored by .gitignore:2 build/: "
        "it is committed explicitly and stays tracked"
    ]
    assert git(project, "ls-files", "build") == "build/kept.txt"


def test_files_that_a_rule_takes_back_in_are_no_notice(project: Path) -> None:
    write(project, {".gitignore": "*.log\n!kept.log\n"})
    commit(project)
    assert look(open_repository(project), [new("kept.log")]).notices == []
    (notice,) = look(open_repository(project), [new("other.log")]).notices
    assert "other.log is ignored by .gitignore:1 *.log" in notice
