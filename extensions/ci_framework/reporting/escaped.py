"""Text of others in Markdown: it stays text, whatever is in it."""

from __future__ import annotations

import re

# Everything that Markdown or HTML could read as more than text.
_MARK_UP = re.compile(r"([\\`*_{}\[\]|~$])")
# What makes a heading, a list or a quotation of a line that starts with it.
_START = re.compile(r"^([#+-]|\d+(?=[.)]))")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_MOST_TEXT = 300


def as_text(text: str) -> str:
    """Text that stays text: no mark-up, no HTML, no second line, no mention."""
    plain = " ".join(_CONTROL.sub(" ", text).split())
    plain = plain.encode("utf-8", "backslashreplace").decode()
    if len(plain) > _MOST_TEXT:
        plain = f"{plain[: _MOST_TEXT - 1]}…"
    plain = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    plain = _START.sub(_escaped_start, _MARK_UP.sub(r"\\\1", plain))
    # A word joiner keeps GitHub from reading an address or the name of a person.
    plain = plain.replace("@", "@\u2060").replace("://", ":\u2060//")
    return plain.replace("www.", "www\u2060.")


def as_code(text: str) -> str:
    """A code span that nothing in it can end, also inside a table."""
    plain = " ".join(_CONTROL.sub(" ", text).split()) or " "
    plain = plain.encode("utf-8", "backslashreplace").decode()
    fence = "`"
    while fence in plain:
        fence += "`"
    padded = f" {plain} " if plain.startswith("`") or plain.endswith("`") else plain
    return f"{fence}{padded.replace('|', chr(92) + '|')}{fence}"


def _escaped_start(found: re.Match[str]) -> str:
    # A number is not escaped itself: what makes it an item of a list is behind it.
    text = found.group()
    return f"{text}\u2060" if text.isdigit() else f"\\{text}"
