"""Make text of others harmless in what we write: the only place that escapes.

Names of files, messages and output of tools are data. None of them may become a
control sequence, a workflow command, HTML, a mention or the end of a table cell.
"""

from __future__ import annotations

import html
import re

_COLOR = re.compile("\x1b\\[[0-9;]*[A-Za-z]")
# Control characters, marks that reorder or hide text, and bytes that are not UTF-8.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff"
    "\ud800-\udfff]"
)
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# What XML 1.0 cannot hold.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# A word joiner keeps GitHub from notifying the account that a decorator names.
_MARKDOWN = {"&": "&amp;", "<": "&lt;", "|": "\\|", "@": "@\u2060", "![": "!\\["}


def visible(text: str) -> str:
    """Show what a terminal would obey, such as a line break in a name."""
    return _INVISIBLE.sub(lambda found: repr(found.group())[1:-1], text)


def terminal_line(text: str) -> str:
    """One line of a terminal or of a log, which no CI system takes for a command."""
    return re.sub(r"^(\s*)::", r"\1\\::", visible(_COLOR.sub("", text)))


def drop_controls(text: str) -> str:
    """Leave out what is for terminals only."""
    return _CONTROLS.sub("", text)


def markdown_text(text: str) -> str:
    """Keep text from being read as HTML, as a table or as the name of a person."""
    for mark_up, shown in _MARKDOWN.items():
        text = text.replace(mark_up, shown)
    return text


def cell(text: str) -> str:
    """Text for one cell of a Markdown table; a dash where there is none."""
    return markdown_text(" ".join(text.split())) or "-"


def code_span(text: str) -> str:
    """A Markdown code span with more backticks than any run of them in the text."""
    fence = _fence("`", text)
    return f"`{text}`" if fence == "`" else f"{fence} {text} {fence}"


def code_cell(text: str) -> str:
    """A code span for one cell of a Markdown table."""
    return code_span(visible(text)).replace("|", "\\|")


def fenced(text: str) -> str:
    """A Markdown code block with more backticks than any run of them in the text."""
    fence = _fence("```", text)
    return f"{fence}text\n{text}\n{fence}"


def _fence(fence: str, text: str) -> str:
    while fence in text:
        fence += "`"
    return fence


def html_text(text: str) -> str:
    """Text for HTML, also inside of an attribute."""
    return html.escape(text)


def xml_text(text: str) -> str:
    """Text without the characters that XML cannot hold."""
    return _NOT_XML.sub("\ufffd", text)


def workflow_data(text: str) -> str:
    """The message of a workflow command of GitHub."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def workflow_property(text: str) -> str:
    """The value of a property of a workflow command."""
    return workflow_data(text).replace(":", "%3A").replace(",", "%2C")
