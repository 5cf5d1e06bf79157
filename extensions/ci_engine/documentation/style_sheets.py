"""Find the addresses in a style sheet."""

from __future__ import annotations

import re
from collections.abc import Iterator

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_ADDRESS = re.compile(
    r"""url\(\s*(?:"(?P<double>[^"\n]*)"|'(?P<single>[^'\n]*)'"""
    r"""|(?P<plain>[^\s"'()]*))\s*\)|@import\s+["'](?P<import>[^"'\n]+)["']""",
    re.IGNORECASE,
)


def style_addresses(text: str) -> Iterator[tuple[str, int]]:
    """Each address of a file in a style sheet, with its line.

    Embedded data and references within the sheet are skipped.
    """
    # Comments are replaced by their line ends, so that lines can be counted.
    shown = _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), text)
    for found in _ADDRESS.finditer(shown):
        address = next(filter(None, found.groups()), "").strip()
        if address and not address.startswith("#") and "\\" not in address:
            yield address, shown.count("\n", 0, found.start()) + 1
