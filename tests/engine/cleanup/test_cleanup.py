"""`ci cleanup` removes listed files only, and treats names as data."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from ci_engine.cleanup.cleanup_patterns import (
    patterns_of_text,
    read_patterns,
    refuse_patterns,
)
from ci_engine.cleanup.removal_publishing import (
    Destination,
    describe,
    open_pull_request,
    push,
)
from ci_engine.cleanup.stray_files import Found, find_files, remove
from ci_engine.configuration.cleanup_settings import Cleanup
from ci_engine.errors import ToolError, UsageError
from ci_engine.github.comments import PullRequest
from tests.support.github_api import github_stand_in
from tests.support.projects import DemoProject, assert_green, git, snapshot

HOSTILE = [
    "$(touch bad).tmp",
    "`touch bad`.tmp",
    "; touch bad;.tmp",
    "a\nb.tmp",
    '"quoted".tmp',
    "-rf.tmp",
    ":(top)x.tmp",
    "ünï.tmp",
    "[a].tmp",
]
REFUSED = [
    "",
    " ",
    "/",
    "/etc/passwd",
    "~/x",
    "C:/x",
    "../x",
    "a/../../x",
    "a/..",
    "./x",
    ".git",
    ".git/",
    ".git/hooks/*",
    ".GIT/config",
    ".github",
    ".github/workflows/",
    ".gitignore",
    "pyproject.toml",
    "*.toml",
    "py*.toml",
    "*",
    "**",
    "**/*",
    "*/*",
    "*/",
    "?",
    "*.py",
    "src/",
    "README*",
    "README.md",
    "tests/",
    "test_*.py",
    "uv.lock",
    "*.lock",
    "Pipfile*",
    "*.txt",
    "*.cfg",
    "docs/",
    "CHANGELOG.md",
    "Dockerfile",
    ".pre-commit*",
    "ci-framework/",
    "ci-framework",
    "!x",
    ":(glob)x",
    "-rf",
    "a\\b",
    "a\x00b",
    "a\nb",
    "x" * 300,
]


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A repository with stray development files, and files that look similar."""
    root = tmp_path / "work"
    for name in (
        "keep.py",
        ".DS_Store",
        "src/a.tmp",
        "src/tmp/b.py",
        "c*.log",
        "cx.log",
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{name}\n", encoding="utf-8")
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "start")
    (root / "untracked.tmp").write_text("mine\n", encoding="utf-8")
    return root


def found_in(
    root: Path,
    *more: str,
    patterns: Sequence[str] = (),
    keep: Sequence[str] = (),
) -> list[str]:
    settings = Cleanup(patterns=[*patterns], keep=[*keep])
    files = find_files(root, settings, read_patterns(), more)
    return sorted(each.path for each in files)


@pytest.mark.parametrize("pattern", REFUSED)
def test_a_dangerous_pattern_is_refused(pattern: str, work: Path) -> None:
    with pytest.raises(UsageError, match="cleanup: pattern"):
        found_in(work, pattern)
    with pytest.raises(UsageError, match="cleanup: pattern"):
        found_in(work, patterns=[pattern])


@pytest.mark.parametrize("pattern", ["*.log", "notes/", "docs/draft-*.md", "tmp/"])
def test_a_usual_pattern_is_not(pattern: str) -> None:
    refuse_patterns([pattern], read_patterns().protected)


@pytest.mark.parametrize(
    "pattern", ["src/base/", "src/base/**", "**/base/", "lib/", "lib/*", "checks/*.py"]
)
def test_a_pattern_that_fits_the_code_of_the_project_is_refused(
    pattern: str, work: Path
) -> None:
    (work / "src" / "base").mkdir()
    (work / "src" / "base" / "__init__.py").write_text("", encoding="utf-8")
    git(work, "add", "--all", "src")
    settings = Cleanup(patterns=[pattern])
    with pytest.raises(UsageError, match="it is so broad that it matches"):
        find_files(work, settings, read_patterns(), [], ["lib", "checks/"])


def test_a_submodule_is_never_removed(work: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "--quiet")
    git(other, "commit", "--quiet", "--allow-empty", "--message", "other")
    allowed = ("-c", "protocol.file.allow=always")
    git(work, *allowed, "submodule", "--quiet", "add", str(other), "vendor/x.tmp")
    git(work, "commit", "--quiet", "--message", "submodule")
    assert found_in(work) == [".DS_Store", "src/a.tmp"]
    assert found_in(work, "vendor/*", "vendor/x.tmp") == [".DS_Store", "src/a.tmp"]


def test_tracked_files_that_fit_are_found_and_only_they(work: Path) -> None:
    assert found_in(work) == [".DS_Store", "src/a.tmp"]
    assert found_in(work, "cx.log") == [".DS_Store", "cx.log", "src/a.tmp"]
    assert found_in(work, keep=["*.tmp"]) == [".DS_Store"]


def test_patterns_come_one_on_each_line_or_separated_by_commas() -> None:
    assert patterns_of_text(" *.log\n\nnotes/, x \n") == ["*.log", "notes/", "x"]


def test_only_what_was_found_is_removed(work: Path) -> None:
    before = snapshot(work)
    files = find_files(work, Cleanup(), read_patterns(), ["c[*].log"])
    assert sorted(f.path for f in files) == [".DS_Store", "c*.log", "src/a.tmp"]
    remove(work, files, 50)
    gone = {name for name in before if name not in snapshot(work)}
    outside = {name for name in gone if not name.startswith(".git/")}
    # The name with a star is a name: cx.log stays.
    assert outside == {".DS_Store", "c*.log", "src/a.tmp"}
    assert (work / "untracked.tmp").exists()


def test_what_was_changed_is_not_removed_and_nothing_else_then(work: Path) -> None:
    (work / "src" / "a.tmp").write_text("changed\n", encoding="utf-8")
    files = find_files(work, Cleanup(), read_patterns(), [])
    with pytest.raises(ToolError, match="git rm"):
        remove(work, files, 50)
    assert (work / ".DS_Store").exists()


def test_hostile_names_are_data(work: Path) -> None:
    for name in HOSTILE:
        (work / name).write_text("x\n", encoding="utf-8")
    raw = os.fsencode(work) + b"/\xff\xfe.tmp"
    Path(os.fsdecode(raw)).write_text("x\n", encoding="utf-8")
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--message", "hostile")
    files = find_files(work, Cleanup(), read_patterns(), [])
    assert {each.path for each in files} >= set(HOSTILE)
    text = describe(files)
    assert "\na\nb" not in text
    remove(work, files, 50)
    left = {path.name for path in work.iterdir()}
    assert not left & set(HOSTILE)
    assert "bad" not in left
    assert "keep.py" in left


def test_very_many_files_are_left_to_a_person(work: Path) -> None:
    files = [Found(f"{number}.tmp", "*.tmp") for number in range(51)]
    with pytest.raises(UsageError, match="got 51"):
        remove(work, files, read_patterns().most_files)


def test_a_link_out_of_the_repository_is_removed_as_a_link(
    work: Path, tmp_path: Path
) -> None:
    sentinel = tmp_path / "sentinel.tmp"
    sentinel.write_text("mine\n", encoding="utf-8")
    (work / "link.tmp").symlink_to(sentinel)
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--message", "link")
    remove(work, find_files(work, Cleanup(), read_patterns(), []), 50)
    assert sentinel.read_text(encoding="utf-8") == "mine\n"
    assert not (work / "link.tmp").is_symlink()


# --- the command --------------------------------------------------------------------


@pytest.mark.heavy
def test_the_check_is_red_names_each_file_and_changes_nothing(
    project: DemoProject,
) -> None:
    project.write("src/demo/.DS_Store", "x")
    project.git_init()
    before = snapshot(project.root)
    run = project.run("cleanup", "--check")
    assert run.code == 1, str(run)
    assert [f["path"] for f in run.findings("cleanup")] == ["src/demo/.DS_Store"]
    after = snapshot(project.root)
    assert {k for k in after if after[k] != before.get(k)} == {
        name for name in after if name.startswith(".ci-framework/")
    }
    output = project.root / "output"
    told = {"GITHUB_OUTPUT": str(output)}
    run = project.run("cleanup", "--check", "--since", "HEAD", variables=told)
    assert_green(run)
    assert "cleanup-needed=true" in output.read_text(encoding="utf-8")
    run = project.run("cleanup", "--apply", "--dry-run")
    assert (project.root / "src/demo/.DS_Store").exists()
    run = project.run("cleanup", "--apply", variables=told)
    assert_green(run)
    assert "files-removed=1" in output.read_text(encoding="utf-8")
    assert not (project.root / "src/demo/.DS_Store").exists()
    assert_green(project.run("cleanup"))


@pytest.mark.parametrize(
    ("before", "red"), [("keep = []", True), ('keep = ["**"]', False), ("", True)]
)
def test_a_change_does_not_decide_what_it_keeps(
    project: DemoProject, before: str, *, red: bool
) -> None:
    project.configure(f"[tool.ci-framework.cleanup]\n{before}\n")
    project.git_init()
    project.write("notes.tmp", "x")
    text = project.root.joinpath("pyproject.toml").read_text(encoding="utf-8")
    wide = text.replace(f"cleanup]\n{before}", 'cleanup]\nkeep = ["**"]')
    project.write("pyproject.toml", wide)
    git(project.root, "add", "--all")
    git(project.root, "commit", "--quiet", "--message", "change")
    run = project.run("cleanup", "--since", "HEAD~1")
    assert run.code == int(red), str(run)
    kept = "keep '**' takes effect once it is in the target branch"
    assert (kept in run.stdout) is red
    assert ("1 matching files are kept by the settings" in run.stdout) is not red


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--push",), "expected the setting security.cleanup = 'push', got 'none'"),
        (("--apply", "--patterns", "../x"), "pattern '../x'"),
        (("--pull-request",), "got the ref ''"),
    ],
)
def test_what_is_not_allowed_is_refused(
    words: tuple[str, ...], said: str, project: DemoProject
) -> None:
    project.write(".DS_Store", "x")
    project.git_init()
    run = project.run("cleanup", *words)
    assert run.code == 2, str(run)
    assert said in run.stderr
    assert (project.root / ".DS_Store").exists()


# --- the pull request ---------------------------------------------------------------


def origin_of(work: Path) -> Path:
    origin = work.parent / "origin.git"
    git(work.parent, "init", "--quiet", "--bare", str(origin))
    git(work, "remote", "add", "origin", str(origin))
    git(work, "push", "--quiet", "origin", "HEAD:refs/heads/main")
    return origin


def test_one_pull_request_is_opened_and_then_updated(work: Path) -> None:
    origin = origin_of(work)
    before = snapshot(work)
    files = find_files(work, Cleanup(), read_patterns(), [])
    with github_stand_in() as github:
        api = PullRequest(github.url, "owner/name", 0, "token")
        destination = Destination(api, "main")
        assert open_pull_request(work, destination, files) == "opened"
        assert open_pull_request(work, destination, files) == "updated"
    assert [(method, path) for method, path, _ in github.calls] == [
        ("POST", "/repos/owner/name/pulls"),
        ("PATCH", "/repos/owner/name/pulls/4"),
    ]
    assert github.calls[0][2]["base"] == "main"
    branch = "ci-framework/cleanup"
    listed = git(origin, "ls-tree", "-r", "--name-only", branch).splitlines()
    assert listed == ["c*.log", "cx.log", "keep.py", "src/tmp/b.py"]
    # Neither the work tree nor the index knows of it.
    after = snapshot(work)
    assert {k for k in after if not k.startswith(".git/")} == {
        k for k in before if not k.startswith(".git/")
    }
    assert git(work, "status", "--porcelain") == "?? untracked.tmp\n"


def test_a_push_never_overwrites_what_came_meanwhile(work: Path) -> None:
    origin = origin_of(work)
    destination = Destination(PullRequest("http://x", "owner/name", 0, "t"), "main")
    files = find_files(work, Cleanup(), read_patterns(), [])
    push(work, destination, files)
    assert ".DS_Store" not in git(origin, "ls-tree", "-r", "--name-only", "main")
    with pytest.raises(ToolError, match="git"):
        push(work, destination, [Found("keep.py", "keep.py")])
    assert "keep.py" in git(origin, "ls-tree", "-r", "--name-only", "main")


def test_a_hostile_branch_is_data(work: Path) -> None:
    origin_of(work)
    branch = "$(touch${IFS}bad);x"
    destination = Destination(PullRequest("http://x", "owner/name", 0, "t"), branch)
    push(work, destination, find_files(work, Cleanup(), read_patterns(), []))
    assert not (work / "bad").exists()
