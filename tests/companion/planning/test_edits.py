"""Edits of TOML and plain text add bytes at the end and change none."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_framework.answers import OwnSetting
from ci_framework.planning.edits import (
    LARGEST,
    CannotEdit,
    Edit,
    append_text_block,
    patch_text,
    read_editable,
    remove_spans,
)
from ci_framework.planning.files import insert_block
from ci_framework.planning.oracle import verify
from ci_framework.planning.toml_block import insert_toml_block
from ci_framework.repository import open_repository
from tests.support.adoptable_repositories import commit, make_repository
from tests.support.blocks import END, LINES, START, TOML
from tests.support.programs import run

NO_END = b"[tool.ruff]\nline-length = 79 # narrow"


_BECAUSE = "a workflow says so"


def inserted(
    before: bytes, block: bytes = TOML, own: tuple[OwnSetting, ...] = ()
) -> Edit:
    """Insert and judge."""
    edit = insert_toml_block(before, block, own)
    verify("pyproject.toml", before, edit)
    assert remove_spans(edit.after, edit.spans) == before
    assert edit.after.startswith(before)
    return edit


TOMLS = {
    "plain": b"[project]\nname = 'x'\n",
    "no final newline": NO_END,
    "only a comment": b"# nothing yet\n",
    "blank lines at the end": b"[tool.ruff]\n\n\n\n",
    "white space at the ends of lines": b"[tool.ruff]   \nline-length = 79\t\n",
    "dotted keys first": b"tool.ruff.line-length = 79\n[project]\nname = 'x'\n",
    "array of tables last": b"[[tool.mypy.overrides]]\nmodule = 'a'\n",
    "tables out of order": b"[tool.ruff]\n[project]\n[tool.ruff.lint]\nselect = []\n",
    "sub-table before its parent": b"[tool.ruff.lint]\n[tool.ruff]\nfix = true\n",
    "not a number": b"[tool.x]\nnumber = nan\nfar = -inf\nday = 2020-01-01\n",
    "quoted keys": b'["tool"."ruff lint"]\n"a.b" = 1\n',
    "other environments": b"[tool.pixi.environments]\ndev = ['dev']\n",
    "emoji": "description = 'é 🎉'\n".encode(),
}


@pytest.mark.parametrize("before", TOMLS.values(), ids=TOMLS.keys())
def test_the_block_follows_whatever_toml_there_is(before: bytes) -> None:
    edit = inserted(before)
    gap = b"" if before.endswith(b"\n\n") else b"\n"
    gap += b"" if before.endswith(b"\n") else b"\n"
    assert edit.after == before + gap + TOML


def test_an_empty_file_becomes_the_block() -> None:
    assert inserted(b"").after == TOML


def test_the_line_ends_and_the_mark_of_a_file_are_kept() -> None:
    before = b"\xef\xbb\xbf" + NO_END.replace(b"\n", b"\r\n")
    edit = inserted(before)
    assert edit.after == before + b"\r\n\r\n" + TOML.replace(b"\n", b"\r\n")


def test_most_lines_decide_where_the_ends_of_lines_are_mixed() -> None:
    assert b"\r\n" not in inserted(b"a = 1\nb = 2\r\nc = 3\n").after.partition(b"#")[2]
    assert inserted(b"a = 1\r\nb = 2\r\nc = 3\n").after.endswith(b"<<<\r\n")


def test_a_block_that_is_there_is_not_inserted_again() -> None:
    after = inserted(NO_END).after
    assert insert_toml_block(after, TOML) == Edit(after, ())
    windows = after.replace(b"\n", b"\r\n")
    assert insert_toml_block(windows, TOML) == Edit(windows, ())


def test_settings_of_the_project_stand_outside_of_the_block() -> None:
    own = (
        OwnSetting(
            ("commands", "test"), ["pytest", "-m", "not slow", "tests"], _BECAUSE
        ),
        OwnSetting(
            ("checks", "format", "tier"), "none", "it does not format\nwith ruff \x1b"
        ),
        OwnSetting(("commands", "odd key"), 'say "hi" \\ \x7f\n', _BECAUSE),
        OwnSetting(("quality-of", "strict"), value=True, because=_BECAUSE),
        OwnSetting(("quality-of", "count"), 3, _BECAUSE),
        OwnSetting(("long", "list"), ["a" * 30, "b" * 30], _BECAUSE),
    )
    edit = inserted(NO_END, own=own)
    text = edit.after.decode()
    assert text.index("[tool.ci-framework.commands]") < text.index(START)
    assert edit.after.endswith(b"\n" + TOML)
    assert (
        '\n# a workflow says so\ntest = ["pytest", "-m", "not slow", "tests"]\n' in text
    )
    assert "\n# it does not format with ruff\ntier = " in text
    assert "\nstrict = true\ncount" not in text
    assert '"odd key" = "say \\"hi\\" \\\\ \\u007f\\n"\n' in text
    assert f'list = [\n    "{"a" * 30}",\n    "{"b" * 30}",\n]\n' in text


def test_a_setting_of_the_project_that_the_block_sets_as_well_is_refused() -> None:
    with pytest.raises(CannotEdit, match=r"\[tool\.ci-framework\.quality\]"):
        insert_toml_block(
            b"", TOML, [OwnSetting(("quality", "tier"), "none", _BECAUSE)]
        )


REFUSED = {
    "broken": (b"[tool\n", "not valid TOML"),
    "the same table twice": (b"[a]\n[a]\n", "not valid TOML"),
    "conflict markers": (b"<<<<<<< HEAD\na = 1\n", "not valid TOML"),
    "TOML 1.1": (b"a = {\n  b = 1,\n}\n", "not valid TOML 1.0"),
    "another encoding": (b"name = 'caf\xe9'\n", r"not UTF-8 \(byte 11\)"),
    "UTF-16": ("a = 1\n".encode("utf-16"), "not UTF-8"),
    "tool is inline": (b"tool = {ruff = {fix = true}}\n", r"\[tool\.ci-framework\]"),
    "tool is a value": (b"tool = 1\n", "key tool is not a table"),
    "an array of tools": (b"[[tool]]\nx = 1\n", "key tool is not a table"),
    "somebody's table": (b"[tool.ci-framework.x]\n", "table .* of its own"),
    "somebody's value": (b"[tool]\nci-framework = 1\n", "table .* of its own"),
    "environment taken": (
        b"[tool.pixi.environments]\nquality = ['q']\n",
        r"\[tool\.pixi\.environments\.quality\] is taken",
    ),
    "environments inline": (
        b"[tool.pixi]\nenvironments = {dev = ['d']}\n",
        r"\[tool\.pixi\.environments\.quality\] is taken, or cannot",
    ),
    "another version's block": (TOML.replace(b"2.0.0", b"1.9.0"), "another block"),
    "two blocks": (TOML + TOML.replace(b"ci-framework]", b"x]"), "2 lines"),
    "half a block": (f"{START}\n".encode(), "1 lines .* and 0 lines"),
    "a block upside down": (f"{END}\n{START}\n".encode(), "in this order"),
    "nested too deeply": (b"a = " + b"[" * 20_000, "not valid TOML"),
    "too large": (b"#" * (LARGEST + 1), "larger than 5 MB"),
}


@pytest.mark.parametrize(("before", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_take_the_block_is_refused_with_the_reason(
    before: bytes, reason: str
) -> None:
    with pytest.raises(CannotEdit, match=reason):
        insert_toml_block(before, TOML)


TEXTS = {
    "empty": (b"", b"", b"\n"),
    "plain": (b"*.log\n", b"\n", b"\n"),
    "no final newline": (b"*.log", b"\n\n", b"\n"),
    "Windows": (b"*.log\r\n/out", b"\r\n\r\n", b"\r\n"),
    "Windows, a blank line last": (b"*.log\r\n\r\n", b"", b"\r\n"),
    "a mark and nothing else": (b"\xef\xbb\xbf", b"\n", b"\n"),
    "white space at the end": (b"name\\ \n  ", b"\n\n", b"\n"),
    "form feeds": (b"a\x0cb\n", b"\n", b"\n"),
}


@pytest.mark.parametrize(("before", "gap", "end"), TEXTS.values(), ids=TEXTS.keys())
def test_the_block_follows_the_lines_of_a_text(
    before: bytes, gap: bytes, end: bytes
) -> None:
    edit = append_text_block(before, LINES)
    verify(".gitignore", before, edit)
    assert edit.after == before + gap + LINES.replace(b"\n", end)
    assert remove_spans(edit.after, edit.spans) == before


@pytest.mark.parametrize("before", [b"caf\xe9\n", "a\n".encode("utf-16-le"), b"a\0b\n"])
def test_lines_that_a_merge_would_damage_are_left_alone(before: bytes) -> None:
    with pytest.raises(CannotEdit, match=r"not UTF-8|not text"):
        append_text_block(before, LINES)


def test_the_kind_of_a_file_decides_how_it_is_edited() -> None:
    assert insert_block("ci-framework.toml", b"a = 1\n", TOML).after.endswith(TOML)
    assert insert_block(".gitattributes", b"a b\n", LINES).after.endswith(LINES)


def test_only_ordinary_tracked_files_are_read(tmp_path: Path) -> None:
    root = make_repository(
        tmp_path / "mine",
        {"there": "x\n", "folder/file": "x\n", "large": b"#" * (LARGEST + 1)},
    )
    (root / "link").symlink_to("there")
    (root / "dangling").symlink_to("nowhere")
    other = make_repository(tmp_path / "other", {"file": "x\n"})
    run(
        *("git", "-c", "protocol.file.allow=always", "submodule", "--quiet", "add"),
        *(other, "module"),
        cwd=root,
    )
    commit(root)
    (root / "new").write_text("x\n")
    repository = open_repository(root)
    assert read_editable(repository, "there") == b"x\n"
    assert read_editable(repository, "missing") is None
    for path, reason in {
        "link": "link",
        "dangling": "link",
        "folder": "directory",
        "module": "submodule",
        "large": "larger than 5 MB",
        "new": "git does not track it",
    }.items():
        with pytest.raises(CannotEdit, match=reason):
            read_editable(repository, path)


def test_a_patch_of_a_file_without_a_final_newline_can_be_applied(
    tmp_path: Path,
) -> None:
    root = make_repository(tmp_path, {"file": "a\nb"})
    patch = patch_text("file", "a\nb", "a\nb\nc")
    (tmp_path / "the.patch").write_text(patch)
    run("git", "apply", "the.patch", cwd=root)
    assert (root / "file").read_text() == "a\nb\nc"
