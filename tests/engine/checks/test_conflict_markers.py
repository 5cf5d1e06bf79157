"""Conflict markers of an unfinished merge are found in every kind of file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.projects import (
    DemoProject,
    Location,
    assert_green,
    assert_red,
    clean_environment,
    git,
)

CHECK = "no-conflict-markers"
CONFLICT = "one\n<<<<<<< ours\ntwo\n=======\nthree\n>>>>>>> theirs\nfour\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("notes.txt", CONFLICT.encode()),
        ("crlf.txt", CONFLICT.replace("\n", "\r\n").encode()),
        ("latin.txt", b"caf\xe9 " + CONFLICT.encode()),
        ("binary.dat", b"\x00\xff " + CONFLICT.encode()),
        ("no newline at the end.txt", CONFLICT.rstrip("\n").encode()),
        (
            "diff3.txt",
            CONFLICT.replace("=======", "||||||| base\n0\n=======").encode(),
        ),
        ("deep/er/ü é.yaml", CONFLICT.encode()),
    ],
)
@pytest.mark.parametrize("with_git", [True, False])
def test_conflict_markers_are_found(
    project: DemoProject, name: str, content: bytes, with_git: bool
) -> None:
    if with_git:
        project.git_init()
        assert_green(project.gate(CHECK))
    project.write(name, content)
    run = project.gate(CHECK)
    assert_red(run, CHECK, name, 2)
    assert run.rules(CHECK) == ["conflict-marker"]


@pytest.mark.parametrize(
    "text",
    [
        "Title\n=======\n",
        "<<<<<<< only a start\n",
        ">>>>>>> b\n=======\n<<<<<<< a\n",
        "    <<<<<<< a\n    =======\n    >>>>>>> b\n",
    ],
)
def test_text_that_only_looks_like_a_conflict_is_left_alone(
    project: DemoProject, text: str
) -> None:
    project.write("notes.rst", text)
    assert_green(project.gate(CHECK))


def test_gitattributes_excuse_a_file_that_holds_markers_on_purpose(
    project: DemoProject,
) -> None:
    project.git_init()
    project.write("tests/data/conflict.txt", CONFLICT)
    assert_red(project.gate(CHECK), CHECK, "tests/data/conflict.txt", 2)
    project.write(".gitattributes", "tests/data/* conflict-marker-size=32\n")
    assert_green(project.gate(CHECK))
    project.write("other.txt", CONFLICT)
    run = project.gate(CHECK)
    assert run.locations(CHECK) == [Location("other.txt", 2)]


def test_a_rejected_hunk_is_found(project: DemoProject) -> None:
    project.write("setup.cfg.rej", "@@ -1 +1 @@\n-a\n+b\n")
    assert_red(project.gate(CHECK), CHECK, "setup.cfg.rej", 1)


def test_a_file_that_git_ignores_is_not_looked_at(project: DemoProject) -> None:
    project.git_init()
    project.write("__pycache__/old.txt", CONFLICT)
    assert_green(project.gate(CHECK))


def _merge_conflict(project: DemoProject) -> None:
    project.write("story.txt", "start\n")
    project.git_init()
    git(project.root, "checkout", "--quiet", "-b", "other")
    project.write("story.txt", "theirs\n")
    git(project.root, "commit", "--quiet", "--all", "--message", "theirs")
    git(project.root, "checkout", "--quiet", "main")
    project.write("story.txt", "ours\n")
    git(project.root, "commit", "--quiet", "--all", "--message", "ours")
    git(project.root, "merge", "other", check=False)


def test_a_real_merge_conflict_is_found_until_it_is_resolved(
    project: DemoProject,
) -> None:
    _merge_conflict(project)
    run = project.gate(CHECK)
    assert_red(run, CHECK, "story.txt", 1)
    assert set(run.rules(CHECK)) == {"conflict-marker", "unmerged"}
    project.write("story.txt", "both\n")
    run = project.gate(CHECK)
    assert_red(run, CHECK, "story.txt", 1)
    assert run.rules(CHECK) == ["unmerged"]
    git(project.root, "add", "story.txt")
    assert_green(project.gate(CHECK))


def test_a_file_that_one_side_deleted_is_found_as_unmerged(
    project: DemoProject,
) -> None:
    _merge_conflict(project)
    (project.root / "story.txt").unlink()
    run = project.gate(CHECK)
    assert_red(run, CHECK, "story.txt", 1)


@pytest.mark.parametrize("with_git", [True, False])
def test_a_name_that_is_not_utf_8_does_not_hide_a_conflict(
    project: DemoProject, with_git: bool
) -> None:
    if with_git:
        project.git_init()
    path = os.fsencode(project.root) + b"/caf\xe9.txt"
    try:
        Path(os.fsdecode(path)).write_text(CONFLICT, encoding="utf-8")
    except OSError:
        pytest.skip("this file system has only UTF-8 names")
    run = project.gate(CHECK)
    assert run.code == 1, str(run)
    (finding,) = run.findings(CHECK)
    assert finding["path"].startswith("caf")
    assert finding["line"] == 2


def test_a_file_too_large_to_read_is_named(project: DemoProject) -> None:
    project.write("large.txt", CONFLICT.encode() + b"x" * (9 * 1024 * 1024))
    run = project.gate(CHECK)
    assert "large.txt" in str(run.check(CHECK)["notes"]) or run.code == 1, str(run)


def test_git_that_does_not_trust_the_directory_is_never_green(
    project: DemoProject,
) -> None:
    project.git_init()
    run = project.gate(CHECK, variables={"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"})
    assert run.code == 3, str(run)
    assert "git could not list the files" in run.check(CHECK)["reason"]


def test_a_project_that_an_outer_repository_ignores_is_still_looked_at(
    project: DemoProject,
) -> None:
    outer = project.root.parent
    (outer / ".gitignore").write_text("*\n", encoding="utf-8")
    git(outer, "init", "--quiet")
    project.write("notes.txt", CONFLICT)
    assert_red(project.gate(CHECK), CHECK, "notes.txt", 2)


def test_without_git_on_the_path_markers_are_found(
    project: DemoProject, tmp_path: Path
) -> None:
    project.git_init()
    project.write("notes.txt", CONFLICT)
    (tmp_path / "empty").mkdir()
    run = project.gate(CHECK, variables={"PATH": str(tmp_path / "empty")})
    assert_red(run, CHECK, "notes.txt", 2)


def test_the_git_directory_of_a_hook_is_no_obstacle(project: DemoProject) -> None:
    project.git_init()
    project.write("notes.txt", CONFLICT)
    hook = {"GIT_DIR": ".git", "GIT_INDEX_FILE": ".git/index"}
    assert "GIT_DIR" not in clean_environment()
    assert_red(project.gate(CHECK, variables=hook), CHECK, "notes.txt", 2)
