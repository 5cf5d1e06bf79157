"""The oracle refuses unsafe edits."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import indent

import pytest

from ci_framework.planning.edits import CannotEdit, Edit
from ci_framework.planning.oracle import verify
from ci_framework.planning.plan import Span
from tests.support.blocks import HOOKS, LINES, TOML, hooks

BLOCK = HOOKS.partition(b"\n")[2]
TOML_NAME, YAML_NAME = "pyproject.toml", ".pre-commit-config.yaml"


def at(before: bytes, location: int, inserted: bytes) -> Edit:
    """An edit that inserts bytes at one place."""
    after = before[:location] + inserted + before[location:]
    return Edit(after, (Span(start=location, end=location + len(inserted)),))


def behind(mark: bytes, inserted: bytes) -> Callable[[bytes], Edit]:
    """Insert behind the line that starts with a mark."""

    def edit(before: bytes) -> Edit:
        location = before.index(b"\n", before.index(mark)) + 1
        return at(before, location, inserted)

    return edit


YAML = b"""\
x: 1
repos:
  - repo: a
    hooks:
      - id: b
# Speed.
fail_fast: true
"""
WINDOWS = YAML.replace(b"\n", b"\r\n")
ITEM = b"  - repo: z\n"


def test_a_right_edit_is_accepted() -> None:
    verify(YAML_NAME, YAML, behind(b"      - id: b", BLOCK)(YAML))
    verify(TOML_NAME, b"a = 1\n", at(b"a = 1\n", 6, b"\n" + TOML))
    verify(".gitignore", b"a\n", at(b"a\n", 2, LINES))


WRONG: dict[str, tuple[str, bytes, Callable[[bytes], Edit], str]] = {
    "the list is another": (
        YAML_NAME,
        YAML + b"other:\n  - c: 1\n",
        behind(b"  - c: 1", BLOCK),
        "items of 'repos' would change",
    ),
    "a comment loses its key": (
        YAML_NAME,
        YAML,
        behind(b"# Speed", BLOCK),
        "comment would be separated",
    ),
    "not the last item": (
        YAML_NAME,
        YAML.replace(b"# Speed", b"  - repo: c\n# Speed"),
        behind(b"      - id: b", BLOCK),
        "items of 'repos' would change",
    ),
    "an item outside of the block": (
        YAML_NAME,
        YAML,
        behind(b"      - id: b", ITEM + BLOCK),
        "items of 'repos' would change",
    ),
    "a key beside the list": (
        YAML_NAME,
        YAML,
        behind(b"      - id: b", BLOCK + b"ci: {}\n"),
        "something other than 'repos'",
    ),
    "inside a text": (
        YAML_NAME,
        b"repos:\n  - a: |\n      text\n      text\n",
        behind(b"      text", indent(BLOCK.decode(), " " * 6).encode()),
        "items of 'repos' would change",
    ),
    "another indent": (
        YAML_NAME,
        YAML,
        behind(b"      - id: b", hooks(3).partition(b"\n")[2]),
        "cannot read it|would change",
    ),
    "line ends of Unix in a file of Windows": (
        YAML_NAME,
        WINDOWS,
        behind(b"      - id: b", BLOCK),
        "line endings",
    ),
    "line ends of Windows in a file of Unix": (
        YAML_NAME,
        YAML,
        behind(b"      - id: b", BLOCK.replace(b"\n", b"\r\n")),
        "line endings",
    ),
    "no line end at all": (
        YAML_NAME,
        b"repos:\n  - repo: a",
        lambda before: at(before, len(before), b"\n" + BLOCK.rstrip()),
        "would grow",
    ),
    "in the middle of a line": (
        ".gitignore",
        b"ab\n",
        lambda before: at(before, 1, b"\n" + LINES),
        "would be split",
    ),
    "before the mark": (
        ".gitignore",
        b"\xef\xbb\xbfa\n",
        lambda before: at(before, 0, LINES),
        "byte order mark",
    ),
    "no block": (".gitignore", b"a\n", lambda b: at(b, 2, b"b\n"), "recognized"),
    "two blocks": (".gitignore", b"a\n", lambda b: at(b, 2, LINES + LINES), "recog"),
    "half a block outside": (
        ".gitignore",
        b"# >>> ci-framework >>>\n",
        lambda b: at(b, len(b), b"# <<< ci-framework <<<\n"),
        "lines of the project",
    ),
    "a byte is gone": (
        ".gitignore",
        b"ab\n",
        lambda _: Edit(b"a\n" + LINES, (Span(start=2, end=2 + len(LINES)),)),
        "bytes of the file would change",
    ),
    "spans that overlap": (
        ".gitignore",
        b"",
        lambda _: Edit(LINES, (Span(start=0, end=9), Span(start=5, end=20))),
        "overlap",
    ),
    "patterns behind ours": (
        ".gitignore",
        b"a\nb\n",
        lambda before: at(before, 2, LINES),
        "not at the end",
    ),
    "TOML that is not at the end": (
        TOML_NAME,
        b"[a]\nx = 1\n[b]\n",
        lambda before: at(before, 10, TOML),
        "not at the end",
    ),
    "a key that lands in the table above": (
        TOML_NAME,
        b"[tool.x]\n",
        lambda before: at(before, 9, b"y = 1\n" + TOML),
        "settings of the project would change",
    ),
    "a setting that is there": (
        TOML_NAME,
        b"[tool.ruff]\n",
        lambda before: at(before, 12, TOML.replace(b"# Ours.", b"[tool.ruff]")),
        "cannot read it",
    ),
    "TOML that only one parser reads": (
        TOML_NAME,
        b"[tool]\nmypy.a = 1\n[[tool.x]]\n[tool.x.y]\n[[tool.x]]\n",
        lambda before: at(before, len(before), b"[[tool.x]\n" + TOML),
        "cannot read it",
    ),
}


@pytest.mark.parametrize(
    ("name", "before", "edit", "reason"), WRONG.values(), ids=WRONG.keys()
)
def test_a_wrong_edit_is_refused(
    name: str, before: bytes, edit: Callable[[bytes], Edit], reason: str
) -> None:
    with pytest.raises(CannotEdit, match=reason):
        verify(name, before, edit(before))


def test_an_edit_of_nothing_needs_a_whole_block() -> None:
    verify(TOML_NAME, TOML, Edit(TOML, ()))
    with pytest.raises(CannotEdit, match="recognized"):
        verify(TOML_NAME, b"a = 1\n", Edit(b"a = 1\n", ()))
    with pytest.raises(CannotEdit, match="bytes of the file"):
        verify(TOML_NAME, TOML, Edit(TOML + b"a = 1\n", ()))


@pytest.mark.parametrize(
    "before",
    [
        b"repos:\n  - a: 1\n    a: 2\n",
        b"repos:\n  - {a: 1, a: 2}\n",
        b"repos:\n  - 1: a\n    1: b\n",
        b"x: &x [*x]\nrepos:\n  - a: " + b"[" * 500 + b"]" * 500 + b"\n",
    ],
)
def test_yaml_that_parsers_read_differently_is_refused(before: bytes) -> None:
    with pytest.raises(CannotEdit, match=r"same key twice|cannot read it|deeply"):
        verify(YAML_NAME, before, at(before, len(before), BLOCK))
