"""Verify an edit independently of the code that made it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from functools import partial
from typing import cast

import msgspec
import tomlkit

from ci_engine.configuration.reading import Table
from ci_framework.planning.edits import (
    BOM,
    END,
    START,
    CannotEdit,
    Edit,
    block_of,
    decode,
    found_block,
    line_end,
    remove_spans,
)
from ci_framework.planning.yaml_block import LISTS
from ci_framework.planning.yaml_meaning import PARSERS, Meanings, Node

_KEYS = {path: key for key, path in LISTS.items()}


def verify(path: str, before: bytes, edit: Edit) -> None:
    """Check that an edit inserts the framework's block and changes nothing else.

    Raises:
        CannotEdit: if anything else might have changed.
    """
    _check_bytes(before, edit)
    if edit.spans:
        _check_style(before, edit)
        if path in _KEYS:
            _check_yaml(before, edit, _KEYS[path])
        elif path.endswith(".toml"):
            _check_toml(before, edit)
        else:
            _check_text(before, edit)


def _refuse(what: str) -> CannotEdit:
    return CannotEdit(f"the edit was not safe: {what}")


def _check_bytes(before: bytes, edit: Edit) -> None:
    """Check that only the spans are new, and that one of them has the block."""
    position = 0
    for span in edit.spans:
        if not position <= span.start < span.end <= len(edit.after):
            raise _refuse("the changed places overlap")
        position = span.end
    if remove_spans(edit.after, edit.spans) != before:
        raise _refuse("bytes of the file would change")
    block = block_of(edit.after)
    lines = [line.strip() for line in edit.after.splitlines()]
    if block is None or lines.count(START) != 1 or lines.count(END) != 1:
        raise _refuse("the block would not be recognized the next time")
    start = edit.after.index(block)
    inside = any(s.start <= start and start + len(block) <= s.end for s in edit.spans)
    if edit.spans and not inside:
        raise _refuse("the block would be inside lines of the project")


def _check_style(before: bytes, edit: Edit) -> None:
    """Check that line endings, byte order mark and comments are kept."""
    inserted = b"".join(edit.after[span.start : span.end] for span in edit.spans)
    if before.removeprefix(BOM):
        ends = {b"\r\n"} if line_end(before) == b"\r\n" else {b"\n"}
        if set(re.findall(rb"\r?\n", inserted)) != ends:
            raise _refuse("its line endings are not those of the file")
    if b"\r" in inserted.replace(b"\r\n", b"") or BOM in inserted:
        raise _refuse("it adds bytes that are not text")
    if edit.after.startswith(BOM) != before.startswith(BOM):
        raise _refuse("the byte order mark would move")
    for span in edit.spans:
        head, tail = edit.after[: span.start], edit.after[span.end :]
        if not edit.after[: span.end].endswith(b"\n"):
            raise _refuse("a line of the file would grow")
        if head.endswith(b"\n") or not head.removeprefix(BOM):
            _check_comment(head, tail)
        elif tail:
            raise _refuse("a line of the file would be split")


def _check_comment(head: bytes, tail: bytes) -> None:
    """Check that a comment is not separated from the line below it."""
    above = head.splitlines()[-1:] or [b""]
    below = tail.splitlines()[:1] or [b""]
    comment = above[0].lstrip()
    column = len(above[0]) - len(comment)
    text = below[0].lstrip()
    about = text and not text.startswith(b"#") and column == len(below[0]) - len(text)
    if comment.startswith(b"#") and about:
        raise _refuse("a comment would be separated from what it is about")


def _check_text(before: bytes, edit: Edit) -> None:
    """Check that our patterns come last, because the last match counts."""
    if edit.spans[-1].end != len(edit.after) or len(edit.spans) != 1:
        raise _refuse("it is not at the end")
    lines = before.splitlines()
    if edit.after.splitlines()[: len(lines)] != lines:
        raise _refuse("lines of the file would change")


# --- TOML --------------------------------------------------------------------------


def _check_toml(before: bytes, edit: Edit) -> None:
    _check_text(before, edit)
    old, new = decode(before), decode(edit.after)
    span = edit.spans[0]
    added = decode(edit.after[span.start : span.end])
    for parse in (partial(msgspec.toml.decode, type=Table), _parse_by_tomlkit):
        wanted = _joined(_read(parse, old), _read(parse, added), ())
        if _plain(wanted) != _plain(_read(parse, new)):
            raise _refuse("settings of the project would change")


def _parse_by_tomlkit(text: str) -> Table:
    return cast("Table", tomlkit.parse(text).unwrap())


def _read(parse: Callable[[str], Table], text: str) -> Table:
    try:
        return parse(text)
    except Exception as error:  # tomlkit raises more than its own errors
        reason = " ".join(str(error).split()) or type(error).__name__
        raise CannotEdit(f"a second parser cannot read it: {reason}") from error


def _joined(old: Table, added: Table, keys: tuple[str, ...]) -> Table:
    """Merge both tables; keys that both set are refused."""
    joined = dict(old)
    for key, value in added.items():
        if key not in joined:
            joined[key] = value
            continue
        below = joined[key]
        if not isinstance(below, dict) or not isinstance(value, dict):
            raise _refuse(f"{'.'.join((*keys, key))} is set already")
        tables = cast("Table", below), cast("Table", value)
        joined[key] = _joined(*tables, (*keys, key))
    return joined


def _plain(value: object) -> object:
    """A comparable value: a float that is not a number equals itself."""
    if isinstance(value, dict):
        table = cast("Table", value)
        return {str(key): _plain(item) for key, item in table.items()}
    if isinstance(value, list):
        return [_plain(item) for item in cast("list[object]", value)]
    if isinstance(value, (bool, int, str)):
        return (type(value).__name__, value)
    # Dates and floats are compared as text.
    return repr(value) if isinstance(value, float) else str(value)


# --- YAML --------------------------------------------------------------------------


def _check_yaml(before: bytes, edit: Edit, key: str) -> None:
    block = textwrap.dedent(decode(found_block(edit.after)))
    old, new = decode(before), decode(edit.after)
    for compose in PARSERS:
        meanings = Meanings()
        added = compose(block)
        if added is None or added.id != "sequence":
            raise _refuse("the block has no items")
        items = [meanings.of(item) for item in meanings.items(added)]
        _compare_lists(compose(old), compose(new), key, items, meanings)


def _compare_lists(
    old: Node | None,
    new: Node | None,
    key: str,
    items: list[int],
    meanings: Meanings,
) -> None:
    """Check that the list ends with the items, and all else is unchanged."""
    if new is None or new.id != "mapping":
        raise _refuse("the file would not contain a mapping")
    listed = meanings.value_of(new, key)
    if listed is None or listed.id != "sequence":
        raise _refuse(f"{key!r} would not be a list")
    found = [meanings.of(item) for item in meanings.items(listed)]
    nothing = old is None or old.id == "scalar"
    before = None if old is None or nothing else meanings.value_of(old, key)
    kept = (
        [meanings.of(item) for item in meanings.items(before)]
        if before is not None and before.id == "sequence"
        else []
    )
    if found != kept + items:
        raise _refuse(f"items of {key!r} would change")
    name = meanings.text(key)
    others = [pair for pair in meanings.pairs(new) if pair[0] != name]
    if nothing:
        if len(others) > 1:
            raise _refuse("more than the list would be added")
        return
    if old is None or old.id != "mapping":
        raise _refuse("the file does not contain a mapping")
    if others != [pair for pair in meanings.pairs(old) if pair[0] != name]:
        raise _refuse(f"something other than {key!r} would change")
