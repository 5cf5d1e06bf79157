"""Edits of YAML: the block is the last items of a list, written as the list is."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ci_framework.planning.edits import (
    CannotEdit,
    Edit,
    remove_spans,
)
from ci_framework.planning.oracle import verify
from ci_framework.planning.yaml_block import insert_yaml_item
from tests.support.adoptable_repositories import make_repository
from tests.support.blocks import DEPENDABOT, HOOKS, START, hooks
from tests.support.parsing import parse_yaml

NAME = ".pre-commit-config.yaml"


def inserted(before: bytes, block: bytes = HOOKS) -> Edit:
    """Insert and judge."""
    edit = insert_yaml_item(before, block, "repos")
    verify(NAME, before, edit)
    assert remove_spans(edit.after, edit.spans) == before
    return edit


# Files with @@@ where the block goes, and how the list is indented.
PLACES = {
    "plain": (2, "repos:\n  - repo: a\n    rev: v1\n@@@\n"),
    "zero indent": (0, "repos:\n- repo: a\n  hooks: []\n@@@\n"),
    "odd indent": (3, "repos:\n   - repo: a\n@@@\nci: {}\n"),
    "wide dash": (4, "repos:\n    -   repo: a\n        hooks: [{id: x}]\n@@@\n"),
    "dash on a line of its own": (
        2,
        "repos:\n  -\n    repo: a\n@@@\nfail_fast: true\n",
    ),
    "keys below": (2, "repos:\n  - repo: a\n@@@\n\n# Speed.\nfail_fast: true\n"),
    "comment above the next key": (
        2,
        "repos:\n  - repo: a\n@@@\n# Speed.\nfail_fast: true\n",
    ),
    "comment above the next key, zero indent": (
        0,
        "repos:\n- repo: a\n@@@\n# - repo: b\nfail_fast: true\n",
    ),
    "comments that belong to the list": (
        2,
        "repos:\n  - repo: a\n    hooks:\n      - id: x # why\n"
        "      # - id: y\n\n  # - repo: b\n@@@\n\n# Speed.\nfail_fast: true\n",
    ),
    "a comment behind everything": (2, "repos:\n  - repo: a\n@@@\n\n# vim: sw=2\n"),
    "deeper comment at the end": (2, "repos:\n  - repo: a\n    # rev: v1\n@@@\n"),
    "list first, key text in a scalar": (
        2,
        "repos:\n  - repo: a\n    name: |\n      repos:\n        - no\n@@@\nx: 1\n",
    ),
    "kept blank lines": (2, "repos:\n  - name: |+\n      text\n\n\n@@@\nx: 1\n"),
    "folded": (2, "repos:\n  - name: >-\n      two\n      lines\n\n@@@\nx: 1\n"),
    "text that looks like a comment": (
        2,
        "repos:\n  - name: |\n      text\n      # text\n  # comment\n@@@\n",
    ),
    "quoted over lines": (2, 'repos:\n  - name: "one\n\n     two"  # why\n@@@\nx: 1\n'),
    "an alias last": (
        2,
        "files: &all \\.py$\nrepos:\n  - repo: a\n    files: *all\n@@@\nexclude: x\n",
    ),
    "an anchor nobody uses": (2, "repos: &them\n  - repo: a\n@@@\n"),
    "merge keys": (
        2,
        "x: &x {rev: v1}\nrepos:\n  - <<: *x\n    repo: a\n@@@\nfail_fast: true\n",
    ),
    "flow items": (2, "repos:\n  - {repo: a, hooks: [{id: x}]} # all\n@@@\n"),
    "an item of nothing": (2, "repos:\n  -\n@@@\nx: 1\n"),
    "a value of nothing": (2, "repos:\n  - repo: a\n    hooks:\n@@@\nx: 1\n"),
    "start and end of the document": (
        2,
        "%YAML 1.2\n---\nrepos:\n  - repo: a\n@@@\n...\n# end\n",
    ),
    "nothing": (2, "# Hooks.\nrepos: # none yet\n@@@\nfail_fast: true\n"),
    "key in quotes": (2, "'repos':\n  - repo: a\n@@@\n"),
    "the whole file is indented": (
        4,
        "  x: 1\n  repos:\n    - a: 1\n@@@\n  # y\n  y: 1\n",
    ),
    "white space at the ends of lines": (
        2,
        "repos:  \n  - repo: a   \n@@@\n   \nx: 1\n",
    ),
    "emoji": (2, "name: 🎉é\nrepos:\n  - repo: é\n@@@\n"),
}


@pytest.mark.parametrize("windows", [False, True], ids=["unix", "windows"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["", "mark"])
@pytest.mark.parametrize(("indent", "text"), PLACES.values(), ids=PLACES.keys())
def test_the_block_stands_at_the_end_of_the_list(
    indent: int, text: str, mark: bytes, windows: bool
) -> None:
    block = hooks(indent)
    head, tail = text.split("@@@\n")
    body = block.decode().partition("\n")[2]
    before, after = head + tail, head + body + tail
    if windows:
        before, after = (part.replace("\n", "\r\n") for part in (before, after))
    if mark and before.startswith("%"):
        pytest.skip("a directive cannot follow the mark")
    edit = inserted(mark + before.encode(), block)
    assert edit.after == mark + after.encode()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["  - repo: a", "  - {repo: a}", "  - repo: a # x"])
def test_a_missing_final_newline_is_added(last: str, end: str) -> None:
    before = f"repos:{end}{last}".encode()
    edit = inserted(before)
    body = HOOKS.partition(b"\n")[2].replace(b"\n", end.encode())
    assert edit.after == before + end.encode() + body


@pytest.mark.parametrize("before", [b"", b"# Hooks.\n", b"---\n", b"\xef\xbb\xbf# x"])
def test_a_file_that_says_nothing_gets_all_of_it(before: bytes) -> None:
    edit = inserted(before)
    assert edit.after.endswith(HOOKS)
    edit = insert_yaml_item(before, DEPENDABOT, "updates")
    verify(".github/dependabot.yml", before, edit)
    assert edit.after.endswith(DEPENDABOT)


def test_a_missing_list_is_added_where_the_rest_of_the_file_is_there() -> None:
    assert inserted(b"fail_fast: true\n").after == b"fail_fast: true\n\n" + HOOKS
    edit = insert_yaml_item(b"version: 2", DEPENDABOT, "updates")
    verify(".github/dependabot.yml", b"version: 2", edit)
    assert parse_yaml(edit.after) == parse_yaml(DEPENDABOT)
    with pytest.raises(CannotEdit, match="no list 'updates'"):
        insert_yaml_item(b"registries: {}\n", DEPENDABOT, "updates")


def test_a_block_that_is_there_is_not_inserted_again() -> None:
    after = inserted(b"repos:\n  - repo: a\nci: {}\n").after
    assert insert_yaml_item(after, HOOKS, "repos") == Edit(after, ())
    with pytest.raises(CannotEdit, match="another block"):
        insert_yaml_item(after.replace(b"id: ours", b"id: old"), HOOKS, "repos")


REFUSED = {
    "Jinja": (b"repos:\n  {% if x %}\n  - a: 1\n", "not valid YAML.*line 2"),
    "tabs": (b"repos:\n\t- a: 1\n", "not valid YAML"),
    "several documents": (b"repos: []\n---\nrepos: []\n", "2 documents"),
    "a list": (b"- repo: a\n", "not contain a mapping"),
    "a text": (b"repos\n", "not contain a mapping"),
    "flow style": (b"{repos: []}\n", "flow style"),
    "the key twice": (b"repos:\n  - a: 1\nrepos:\n  - b: 1\n", "'repos' 2 times"),
    "an alias": (b"x: &x [1]\nrepos: *x\n", "another form"),
    "nothing with a name": (b"repos: &x\ny: *x\n", "another form"),
    "a mapping": (b"repos:\n  a: 1\n", "another form"),
    "a shared list": (b"repos: &x\n  - a: 1\ny: *x\n", r"alias \*x"),
    "another encoding": (b"repos:\n  - caf\xe9: 1\n", "not UTF-8"),
    "control characters": (b"repos:\n  - a: \x01\n", "not valid YAML"),
    "old line ends": (b"repos:\r  - a: 1\r", "line endings"),
    "an unknown alias": (b"repos:\n  - *x\n", "PyYAML cannot read it"),
    "the list is missing before the end": (b"a: 1\n...\n", r"line '\.\.\.'"),
    "a text that has no end": (b"repos:\n  - a: |\n      b", "within a text"),
    "a mapping with a key twice": (
        b"repos:\n  - a: 1\n    a: 2\n",
        "the same key twice",
    ),
}


@pytest.mark.parametrize(("before", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_has_no_sure_place_is_refused_with_the_reason(
    before: bytes, reason: str
) -> None:
    with pytest.raises(CannotEdit, match=reason):
        verify(NAME, before, insert_yaml_item(before, HOOKS, "repos"))


# Refused files, the reason, and the patch that comes with the refusal.
PATCHED = {
    "nothing in flow style": "repos: []\nfail_fast: true\n",
    "nothing in words": "repos: null # none\n",
    "items in flow style": "repos: [{repo: a}, {repo: b}]\nfail_fast: true\n",
    "flow style over lines": "repos: [\n  {repo: a},\n]\n",
    "another indent": "repos:\n    - repo: a\n    # - repo: b\nfail_fast: true",
}


@pytest.mark.parametrize("text", PATCHED.values(), ids=PATCHED.keys())
def test_a_refusal_has_a_patch_where_one_is_sure(text: str, tmp_path: Path) -> None:
    with pytest.raises(CannotEdit) as refusal:
        insert_yaml_item(text.encode(), HOOKS, "repos")
    root = make_repository(tmp_path, {NAME: text})
    subprocess.run(
        ["git", "apply"], cwd=root, input=refusal.value.patch.encode(), check=True
    )
    old, new = parse_yaml(text), parse_yaml((root / NAME).read_bytes())
    ours = parse_yaml(HOOKS)["repos"]
    assert new == {**old, "repos": (old["repos"] or []) + ours}


def test_a_document_of_aliases_of_aliases_is_no_work() -> None:
    """A few lines that expand to a million million items."""
    lines = ["x0: &x0 [1, 1]"]
    lines += [f"x{n}: &x{n} [*x{n - 1}, *x{n - 1}]" for n in range(1, 40)]
    before = "\n".join([*lines, "repos:", "  - repo: a", ""]).encode()
    assert START.encode() in inserted(before).after
