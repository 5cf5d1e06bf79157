"""Edit shared files as bytes, without ever rewriting the user's content."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from ci_framework.planning.plan import Span
from ci_framework.repository import Repository

BOM = b"\xef\xbb\xbf"
# No file that people edit is larger; larger ones are generated.
LARGEST = 5_000_000
# The marker lines around the framework's block in a shared file.
START = b"# >>> ci-framework >>>"
END = b"# <<< ci-framework <<<"
_BLOCK = re.compile(
    rb"^[ \t]*" + re.escape(START) + rb".*?^[ \t]*" + re.escape(END) + rb"[ \t]*\r?$",
    re.DOTALL | re.MULTILINE,
)


class CannotEdit(Exception):  # noqa: N818 - it is a decision, not a mistake
    """A file that cannot be edited, and is left alone.

    Attributes:
        patch: a unified diff to apply by hand; may be empty.
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
        spans: the insertions, as offsets in ``after``, in order.
    """

    after: bytes
    spans: tuple[Span, ...]


def line_end(content: bytes) -> bytes:
    r"""The line ending of most lines of a file: ``\r\n`` or ``\n``."""
    windows = content.count(b"\r\n")
    return b"\r\n" if windows * 2 > content.count(b"\n") else b"\n"


def with_line_ends(content: bytes, end: bytes) -> bytes:
    """Convert the line endings of a text."""
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
    r"""The block of a rendered file, with ``\n``; None if it exists already.

    Raises:
        CannotEdit: if the file is too large, or contains a different or
            incomplete block.
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
            f"{END.decode()!r}; expected none, or one of each in this order"
        )
    if found != block:
        raise CannotEdit("it contains another block of ci-framework already")
    return None


def found_block(content: bytes) -> bytes:
    r"""The block in a file with ``\n`` line endings; empty if there is none."""
    return with_line_ends(block_of(content) or b"", b"\n").rstrip()


def splice(before: bytes, position: int, inserted: bytes) -> Edit:
    """Insert bytes at an offset."""
    after = before[:position] + inserted + before[position:]
    return Edit(after, (Span(start=position, end=position + len(inserted)),))


def remove_spans(after: bytes, spans: Iterable[Span]) -> bytes:
    """Undo an edit: remove exactly what it inserted."""
    for span in sorted(spans, key=lambda span: span.start, reverse=True):
        after = after[: span.start] + after[span.end :]
    return after


def patch_text(path: str, before: str, after: str) -> str:
    """A unified diff for display and for ``git apply``."""
    rows = difflib.unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        f"a/{path}",
        f"b/{path}",
    )
    missing = "\n\\ No newline at end of file\n"
    return "".join(row if row.endswith("\n") else row + missing for row in rows)


def block_of(content: bytes) -> bytes | None:
    """The block with its markers, None if there is none."""
    found = _BLOCK.search(content)
    return found.group() if found else None


def append_text_block(before: bytes, block: bytes) -> Edit:
    """Append the framework's block to .gitignore or .gitattributes.

    Raises:
        CannotEdit: if it is not UTF-8 text: Copier drops all other bytes
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
    # After a byte order mark without text, the block needs a new line.
    gap = end if before == BOM else b""
    if before.removeprefix(BOM):
        whole = before.endswith(b"\n")
        blank = before.endswith((b"\n\n", b"\n\r\n"))
        gap = b"" if blank else end if whole else end + end
    return splice(before, len(before), gap + with_line_ends(body, end) + end)


def read_editable(repository: Repository, path: str) -> bytes | None:
    """Read a shared file, None if there is none.

    Raises:
        CannotEdit: if it is not an ordinary, tracked file of editable size.
    """
    location = repository.root / path
    entry = repository.tracked.get(path)
    if location.is_symlink() or (entry is not None and entry.mode == "120000"):
        raise CannotEdit("it is a link: what it points to has its own owner")
    if entry is not None and not entry.is_file:
        raise CannotEdit("it is a submodule")
    if not location.exists():
        return None
    if not location.is_file():
        raise CannotEdit("it is a directory")
    if entry is None:
        raise CannotEdit("git does not track it")
    try:
        large = location.stat().st_size > LARGEST
        content = b"" if large else location.read_bytes()
    except OSError as error:
        raise CannotEdit(f"it cannot be read: {error.strerror}") from error
    if large:
        raise CannotEdit(f"it is larger than {LARGEST // 1_000_000} MB")
    return content
