"""Whatever a file contains, an edit only adds to it or leaves it unchanged."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_framework.planning.edits import (
    CannotEdit,
    append_text_block,
    decode,
    remove_spans,
)
from ci_framework.planning.oracle import verify
from ci_framework.planning.toml_block import insert_toml_block
from ci_framework.planning.yaml_block import insert_yaml_item
from ci_framework.planning.yaml_locations import find_list
from tests.support.blocks import LINES, TOML, hooks, without_block

ENDS = st.sampled_from(["\n", "\r\n"])
MARKS = st.sampled_from([b"", b"\xef\xbb\xbf"])
LAST = st.sampled_from(["", "\n", "\n\n", "\n  \n"])

TOML_PARTS = st.lists(
    st.sampled_from(
        [
            "# a comment é 🎉",
            "",
            "   ",
            "[project]\nname = 'x'",
            "[project.scripts]\nx = 'x:main'",
            "[tool.ruff]   # narrow\nline-length = 79",
            "[tool.ruff.lint]\nselect = [\n  'E', # errors\n\n  'F'\n]",
            "[[tool.mypy.overrides]]\nmodule = 'a.*'",
            "[tool.pixi.tasks]\nrun = { cmd = 'x', depends-on = ['y'] }",
            '[tool.text]\nlong = """\n[tool.ci-framework]\n# no comment\n"""',
            "[tool.dates]\nday = 2020-01-01\nnot-a-number = nan",
            "[other]\n\"quoted key\" = 'x'\n'a.b'.c = 1",
        ]
    ),
    unique=True,
    max_size=8,
)


@given(parts=TOML_PARTS, last=LAST, end=ENDS, mark=MARKS)
@settings(max_examples=40, deadline=None)
def test_toml_is_only_added_to(
    parts: list[str], last: str, end: str, mark: bytes
) -> None:
    text = ("\n".join(parts) + last).replace("\n", end)
    before = mark + text.encode()
    edit = insert_toml_block(before, TOML)
    verify("pyproject.toml", before, edit)
    assert edit.after.startswith(before)
    assert remove_spans(edit.after, edit.spans) == before
    assert insert_toml_block(edit.after, TOML).spans == ()


ITEMS = st.lists(
    st.sampled_from(
        [
            "- repo: a\n  rev: v1  # frozen: v1.2\n  hooks:\n  - id: x",
            "-   repo: b\n    hooks:\n    -   id: y\n        args: [--a, '#']",
            "- {repo: c, hooks: [{id: z}]}",
            "-\n  repo: d",
            "- repo: e\n  entry: |\n    one\n\n    # two",
            "- repo: f\n  entry: >+\n    one\n\n",
            '- repo: "g\n\n    h"',
            "-",
            "- repo: *alias",
            "# - repo: commented\n#   hooks: []",
            "# About the next one.",
            "",
        ]
    ),
    min_size=1,
    max_size=6,
)
BELOW = st.lists(
    st.sampled_from(
        ["# Why.", "", "ci:\n  skip: [x]", "exclude: |\n  - repo: no", "  # odd"]
    ),
    unique=True,
    max_size=4,
)


@pytest.mark.heavy
@given(
    items=ITEMS,
    below=BELOW,
    indent=st.integers(0, 8),
    last=LAST,
    end=ENDS,
    mark=MARKS,
)
@settings(max_examples=80, deadline=None)
def test_yaml_is_only_added_to_or_left_alone(
    items: list[str], below: list[str], indent: int, last: str, end: str, mark: bytes
) -> None:
    margin = " " * indent
    listed = [
        margin + line if line else "" for item in items for line in item.split("\n")
    ]
    rows = ["x: &alias text", "repos:", *listed, *below]
    before = mark + ("\n".join(rows) + last).replace("\n", end).encode()
    try:
        indent = find_list(decode(before), "repos").indent
        edit = insert_yaml_item(before, hooks(indent), "repos")
    except CannotEdit:
        return
    verify(".pre-commit-config.yaml", before, edit)
    assert remove_spans(edit.after, edit.spans) == before
    assert insert_yaml_item(edit.after, hooks(indent), "repos").spans == ()


@given(content=st.binary(max_size=60))
@settings(deadline=None)
def test_bytes_of_any_kind_are_added_to_or_left_alone(content: bytes) -> None:
    for name, insert in (
        (".gitignore", lambda: append_text_block(content, LINES)),
        ("pyproject.toml", lambda: insert_toml_block(content, TOML)),
        (
            ".pre-commit-config.yaml",
            lambda: insert_yaml_item(content, hooks(2), "repos"),
        ),
    ):
        try:
            edit = insert()
            verify(name, content, edit)
        except CannotEdit:
            continue
        assert remove_spans(edit.after, edit.spans) == content


LETTERS = st.characters(codec="utf-8", exclude_characters="\r\n")


@given(
    lines=st.lists(st.text(LETTERS, max_size=9), max_size=5),
    end=ENDS,
)
@settings(deadline=None)
def test_a_text_is_what_it_was_without_its_block(lines: list[str], end: str) -> None:
    before = end.join([*lines, ""]).encode()
    try:
        edit = append_text_block(before, LINES)
    except CannotEdit:
        return
    verify(".gitattributes", before, edit)
    assert edit.after.startswith(before)
    blank = before.endswith(f"{end}{end}".encode())
    if before.endswith(end.encode()) and not blank:
        assert without_block(edit.after) == before
