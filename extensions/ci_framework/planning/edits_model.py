"""What an edit of a shared file is, and what all kinds of files have in common."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from ci_framework.planning.markers import END, START, block_of
from ci_framework.planning.plan import Span

__all__ = [
    "BOM",
    "LARGEST",
    "CannotEdit",
    "Edit",
    "decode",
    "found_block",
    "line_end",
    "marked_block",
    "patch_text",
    "remove_spans",
    "splice",
    "with_line_ends",
]

BOM = b"\xef\xbb\xbf"
# No file that people edit is larger; what is, was made by a program.
LARGEST = 5_000_000


class CannotEdit(Exception):  # noqa: N818 - it is a decision, not a mistake
    """A file that is left alone.

    Attributes:
        reason: why, for people.
        patch: what a person could do by hand, as a unified diff; may be empty.
    """

    def __init__(self, reason: str, patch: str = "") -> None:
        """Refuse an edit."""
        super().__init__(reason)
        self.reason = reason
        self.patch = patch


@dataclass(frozen=True)
class Edit:
    """A file after an edit that only inserts.

    Attributes:
        after: its bytes.
        spans: what was inserted, as offsets in ``after``, in order.
    """

    after: bytes
    spans: tuple[Span, ...]


def line_end(content: bytes) -> bytes:
    r"""How most lines of a file end: ``\r\n`` or ``\n``."""
    windows = content.count(b"\r\n")
    return b"\r\n" if windows * 2 > content.count(b"\n") else b"\n"


def with_line_ends(content: bytes, end: bytes) -> bytes:
    """The same lines with other ends."""
    return content.replace(b"\r\n", b"\n").replace(b"\n", end)


def decode(content: bytes) -> str:
    """The text of a file without its byte order mark.

    Raises:
        CannotEdit: if it is not UTF-8.
    """
    try:
        return content.removeprefix(BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        raise CannotEdit(f"it is not UTF-8 (byte {error.start})") from error


def marked_block(before: bytes, rendered: bytes) -> bytes | None:
    r"""The block of a rendered file, with ``\n``; None if it is there already.

    Raises:
        CannotEdit: if the file is too large, or what it holds of a block is not
            exactly this one.
    """
    if len(before) > LARGEST:
        raise CannotEdit(f"it is larger than {LARGEST // 1_000_000} MB")
    block = found_block(rendered)
    if not block:
        raise CannotEdit("what was rendered for it has no block")
    lines = [line.strip() for line in before.splitlines()]
    starts, ends = lines.count(START), lines.count(END)
    if not starts and not ends:
        return block
    found = found_block(before)
    if starts != 1 or ends != 1 or not found:
        raise CannotEdit(
            f"it has {starts} lines {START.decode()!r} and {ends} lines "
            f"{END.decode()!r}; allowed: none, or one of each in this order"
        )
    if found != block:
        raise CannotEdit("it holds another block of ci-framework already")
    return None


def found_block(content: bytes) -> bytes:
    r"""The block of a file with ``\n`` between its lines; empty if it has none."""
    return with_line_ends(block_of(content) or b"", b"\n").rstrip()


def splice(before: bytes, position: int, inserted: bytes) -> Edit:
    """Insert bytes at one place."""
    after = before[:position] + inserted + before[position:]
    return Edit(after, (Span(start=position, end=position + len(inserted)),))


def remove_spans(after: bytes, spans: Iterable[Span]) -> bytes:
    """Take an edit back: cut out exactly what it inserted."""
    for span in sorted(spans, key=lambda span: span.start, reverse=True):
        after = after[: span.start] + after[span.end :]
    return after


def patch_text(path: str, before: str, after: str) -> str:
    """A unified diff for people and for ``git apply``."""
    rows = difflib.unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        f"a/{path}",
        f"b/{path}",
    )
    missing = "\n\\ No newline at end of file\n"
    return "".join(row if row.endswith("\n") else row + missing for row in rows)
