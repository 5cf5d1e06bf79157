"""The files and lines that a change touches."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_engine.changes.diff import Change, changed_files, changed_lines
from ci_engine.changes.diff_base import DiffBase
from ci_engine.errors import ToolError
from tests.support.histories import Repository, paths


def since(commit: str) -> DiffBase:
    return DiffBase(commit, "for the test")


def test_an_unknown_start_has_no_changes_to_list(repository: Repository) -> None:
    repository.commit(a="1")
    with pytest.raises(ToolError, match="no idea"):
        changed_files(repository.root, DiffBase(None, "no idea"))
    with pytest.raises(ToolError, match="no idea"):
        changed_lines(repository.root, DiffBase(None, "no idea"), ["*.py"])


def test_a_commit_that_is_gone_is_an_error_not_an_empty_list(
    repository: Repository,
) -> None:
    repository.commit(a="1")
    with pytest.raises(ToolError):
        changed_files(repository.root, since("1" * 40))
    with pytest.raises(ToolError):
        changed_lines(repository.root, since("1" * 40), ["*.py"])


def test_every_kind_of_change_is_listed(repository: Repository) -> None:
    root = repository.root
    (root / ".gitignore").write_text("ignored.py\n", encoding="utf-8")
    first = repository.commit(kept="1", changed="1", gone="1", old="moved\n" * 20)
    repository.git("mv", "old.py", "new.py")
    repository.git("rm", "--quiet", "gone.py")
    repository.commit(changed="2", added="1")
    (root / "kept.py").write_text("not committed", encoding="utf-8")
    (root / "untracked.py").write_text("1", encoding="utf-8")
    (root / "ignored.py").write_text("1", encoding="utf-8")
    committed = [
        Change("added.py", "A"),
        Change("changed.py", "M"),
        Change("gone.py", "D"),
        Change("new.py", "A"),
        Change("old.py", "D"),
    ]
    assert changed_files(root, since(first), work_tree=False) == committed
    local = [Change("kept.py", "M"), Change("untracked.py", "A")]
    assert changed_files(root, since(first)) == sorted([*committed, *local])


NAMES = ["ünïcode.py", "two\nlines.py", "a b.py", 'qu"ote.py', "tab\t.py", "b\\s.py"]


def test_names_are_never_munged(repository: Repository) -> None:
    first = repository.commit()
    for name in NAMES:
        (repository.root / name).write_text("1\n", encoding="utf-8")
    names = sorted(NAMES)
    assert paths(changed_files(repository.root, since(first))) == names
    repository.commit()
    assert paths(changed_files(repository.root, since(first))) == names
    lines = changed_lines(repository.root, since(first), ["*.py"])
    assert lines == {name: {1} for name in NAMES}


def test_a_submodule_is_recognized(repository: Repository, tmp_path: Path) -> None:
    other = Repository(tmp_path / "other")
    one = other.commit(a="1")
    two = other.commit(a="2")
    entry = "160000,{},vendored"
    repository.git("update-index", "--add", "--cacheinfo", entry.format(one))
    repository.git("commit", "--quiet", "--message", "one")
    first = repository.head
    repository.git("update-index", "--cacheinfo", entry.format(two))
    repository.git("commit", "--quiet", "--message", "two")
    changes = changed_files(repository.root, since(first), work_tree=False)
    assert changes == [Change("vendored", "M", submodule=True)]


def test_a_project_in_a_directory_of_the_repository(repository: Repository) -> None:
    inner = repository.root / "inner"
    inner.mkdir()
    (inner / "a.py").write_text("1\n", encoding="utf-8")
    first = repository.commit(outer="1\n")
    (inner / "a.py").write_text("1\n2\n", encoding="utf-8")
    repository.commit(outer="2\n")
    (inner / "new.py").write_text("1\n", encoding="utf-8")
    changes = changed_files(inner, since(first))
    assert paths(changes) == ["../outer.py", "a.py", "new.py"]
    assert changed_lines(inner, since(first), ["*.py"])["a.py"] == {2}


def test_lines_are_those_of_the_work_tree(repository: Repository) -> None:
    text = "".join(f"line {number}\n" for number in range(1, 11))
    first = repository.commit(a=text, b="x = 1\n")
    changed = text.replace("line 3\n", "line 3!\n").replace("line 9\n", "")
    repository.commit(a=changed, b="y = 1\n")
    (repository.root / "a.py").write_text(f"new\nnew\n{changed}", encoding="utf-8")
    (repository.root / "c.py").write_text("1\n2\n", encoding="utf-8")
    (repository.root / "c.txt").write_text("1\n2\n", encoding="utf-8")
    lines = changed_lines(repository.root, since(first), ["*.py"])
    assert lines == {"a.py": {1, 2, 5}, "b.py": {1}, "c.py": {1, 2, 3}}


def test_code_that_looks_like_a_patch_is_code(repository: Repository) -> None:
    rest = "".join(f"{number}\n" for number in range(20))
    first = repository.commit(a=f"-- b/b.py\n{rest}", b="")
    repository.commit(a=f"++ b/b.py\n++ /dev/null\n{rest}last\n")
    lines = changed_lines(repository.root, since(first), ["*.py"])
    assert lines == {"a.py": {1, 2, 23}}


def test_neither_form_feeds_nor_line_ends_shift_lines(repository: Repository) -> None:
    first = repository.commit(a="a\f\n\u2028b\nc\n", b="a\nb\n")
    repository.commit(a="a\f\n\u2028b\nnew\f\nc\n", b="a\r\nb\r\nc\r\n")
    lines = changed_lines(repository.root, since(first), ["*.py"])
    assert lines == {"a.py": {3}, "b.py": {3}}


def test_the_users_configuration_changes_nothing(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = repository.commit(a="1\n2\n3\n", ä="1\n")
    repository.git("mv", "a.py", "b.py")
    repository.commit(b="1\n2\n3!\n", ä="2\n")
    for key, value in {
        "diff.noprefix": "true",
        "diff.orderFile": "/no/such/file",
        "diff.mnemonicPrefix": "true",
        "diff.renames": "copies",
        "diff.external": "false",
        "diff.interHunkContext": "9",
        "color.diff": "always",
        "core.quotePath": "true",
    }.items():
        repository.git("config", key, value)
    (repository.root / ".gitattributes").write_text("*.py -diff\n", encoding="utf-8")
    lines = changed_lines(repository.root, since(first), ["*.py"])
    assert lines == {"b.py": {1, 2, 3}, "ä.py": {1}}
    wanted = [".gitattributes", "a.py", "b.py", "ä.py"]
    assert paths(changed_files(repository.root, since(first))) == wanted
