"""Recognize commands that always exit with 0, and so give no verdict."""

from __future__ import annotations

import re

_ALONE = re.compile(
    r"\s*(?:(?:\S*/)?true|:|exit(?: 0)?|echo\b[^|&;]*"
    r"|(?:\S*/)?python[\d.]*\s+-c\s+['\"]?\s*(?:pass)?\s*['\"]?)\s*"
)
_AFTERWARDS = re.compile(r"\|\|\s*(true|echo|:|exit 0)|;\s*(true|exit 0)\s*['\"]?\s*$")


def never_fails(command: str) -> bool:
    """Whether a command does nothing, or discards its exit code."""
    return bool(_ALONE.fullmatch(command) or _AFTERWARDS.search(command))
