"""Append the framework's block to a file of plain lines, or cut it out again."""

from __future__ import annotations

from ci_framework.planning.edits_model import (
    BOM,
    CannotEdit,
    Edit,
    decode,
    line_end,
    marked_block,
    splice,
    with_line_ends,
)
from ci_framework.planning.markers import block_of

__all__ = ["append_text_block", "append_to", "remove_block"]


def append_text_block(before: bytes, block: bytes) -> Edit:
    """Append the framework's block to .gitignore or .gitattributes.

    Args:
        before: the file.
        block: what was rendered for it.

    Raises:
        CannotEdit: if it is not text, or not UTF-8: Copier loses every other byte
            of the lines that it merges.
    """
    body = marked_block(before, block)
    if body is None:
        return Edit(before, ())
    if "\0" in decode(before):
        raise CannotEdit("it is not text")
    return append_to(before, body, line_end(before or block))


def append_to(before: bytes, body: bytes, end: bytes) -> Edit:
    """Append lines after a blank one; a missing final newline is added."""
    # Behind a mark that stands alone, the block needs a line of its own.
    gap = end if before == BOM else b""
    if before.removeprefix(BOM):
        whole = before.endswith(b"\n")
        blank = before.endswith((b"\n\n", b"\n\r\n"))
        gap = b"" if blank else end if whole else end + end
    return splice(before, len(before), gap + with_line_ends(body, end) + end)


def remove_block(after: bytes) -> bytes:
    """Cut out the block and, where it stands last, the blank line above it.

    Where the edit is known, ``remove_spans`` restores every byte.
    """
    block = block_of(after)
    if block is None:
        return after
    start = after.index(block)
    head, tail = after[:start], after[start + len(block) :].removeprefix(b"\n")
    if not tail and head.endswith((b"\n\n", b"\n\r\n")):
        head = head.removesuffix(b"\n").removesuffix(b"\r")
    return head + tail
