"""Escape foreign text in Markdown, so that it stays text."""

from __future__ import annotations

import re

# Everything that Markdown or HTML could interpret.
_MARK_UP = re.compile(r"([\\`*_{}\[\]|~$])")
# Starts of lines that make a heading, a list or a quotation.
_START = re.compile(r"^([#+-]|\d+(?=[.)]))")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_MOST_TEXT = 300


def as_text(text: str) -> str:
    """Text that stays text: no markup, no HTML, no line breaks, no mentions."""
    plain = " ".join(_CONTROL.sub(" ", text).split())
    plain = plain.encode("utf-8", "backslashreplace").decode()
    if len(plain) > _MOST_TEXT:
        plain = f"{plain[: _MOST_TEXT - 1]}…"
    plain = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    plain = _START.sub(_escaped_start, _MARK_UP.sub(r"\\\1", plain))
    # A word joiner keeps GitHub from recognizing addresses and user names.
    plain = plain.replace("@", "@\u2060").replace("://", ":\u2060//")
    return plain.replace("www.", "www\u2060.")


def as_code(text: str) -> str:
    """A code span that its content cannot end, even inside a table."""
    plain = " ".join(_CONTROL.sub(" ", text).split()) or " "
    plain = plain.encode("utf-8", "backslashreplace").decode()
    fence = "`"
    while fence in plain:
        fence += "`"
    padded = f" {plain} " if plain.startswith("`") or plain.endswith("`") else plain
    return f"{fence}{padded.replace('|', chr(92) + '|')}{fence}"


def _escaped_start(found: re.Match[str]) -> str:
    # A digit cannot be escaped: the character after it makes the list item.
    text = found.group()
    return f"{text}\u2060" if text.isdigit() else f"\\{text}"
