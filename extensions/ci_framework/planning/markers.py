"""The lines between which the framework owns what stands in a shared file."""

from __future__ import annotations

import re

__all__ = ["END", "START", "block_of"]

START = b"# >>> ci-framework >>>"
END = b"# <<< ci-framework <<<"
_BLOCK = re.compile(
    rb"^[ \t]*" + re.escape(START) + rb".*?^[ \t]*" + re.escape(END) + rb"[ \t]*\r?$",
    re.DOTALL | re.MULTILINE,
)


def block_of(content: bytes) -> bytes | None:
    """The block with its markers, None if there is none."""
    found = _BLOCK.search(content)
    return found.group() if found else None
