"""Escape foreign text in our output; no other module escapes.

Names of files, messages and output of tools are data. They must not become a control
sequence, a workflow command, HTML, a mention, a link or the end of a table cell.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

_COLOR = re.compile("\x1b\\[[0-9;]*[A-Za-z]")
# Control characters, marks that reorder or hide text, and bytes that are not UTF-8.
_HIDDEN = (
    "\x7f-\x9f\u00ad\u061c\u115f\u1160\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2061-"
    "\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff"
)
# Patterns of many characters take long to compile, and most texts need none of them.
_INVISIBLE = f"[\x00-\x08\x0a-\x1f{_HIDDEN}]"
_INVISIBLE_IN_LINES = f"[\x00-\x08\x0b-\x1f{_HIDDEN}]"
# JSON itself escapes the characters below a space.
_INVISIBLE_IN_JSON = f"[{_HIDDEN.partition(chr(0xD800))[0]}]"
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# Characters that XML 1.0 cannot contain.
_NOT_XML = "[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
# GitHub's runners execute `::` after white space, and `##[` anywhere in a line.
# https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
_MARKED_COMMAND = re.compile(r"##(?=(?:vso|teamcity)?\[)")
# A word joiner is invisible, and keeps GitHub from creating a mention or a link.
_JOINER = "\u2060"
_BACKTICKS = re.compile("`+")
_REFERENCE = re.compile(
    rf"@(?!{_JOINER})|(?<!&)#(?=\d)|GH-(?=\d)|(?<=[A-Za-z]:)(?=//)|[wW]{{3}}(?=\.)"
    # A commit hash: neither a number nor a word.
    r"|\b(?=[0-9a-f]{7,40}\b)(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]",
    re.ASCII,
)
# Starts of lines that make a heading, a list, a quotation, a table or a fence.
_BLOCK = re.compile(r"^(?:([#>+=~:|*_\[-])|(\d+)(?=[.)]))")
_FENCE = re.compile(r"(`{3,})[^`]*$|(~{3,})")
# Indented, in a list or in a quotation, where its end is hard to determine.
_INNER_FENCE = re.compile(r"^([\s>*+\-\d.)]*)(`{3,}(?=[^`]*$)|~{3,})")
# A formula may contain links.
_FORMULA = re.compile(r"(?<!\\)((?:\\\\)*)\$")
_LONGEST_ANNOTATION = 4_000
# This many spaces make a line code.
_INDENT = 4


def visible(text: str) -> str:
    """Show characters that a terminal would execute, such as a line break in a name."""
    plain = text.isascii() and text.isprintable()
    return text if plain else re.sub(_INVISIBLE, _shown, text)


def _shown(found: re.Match[str]) -> str:
    return repr(found.group())[1:-1]


def terminal_line(text: str) -> str:
    """One line for a terminal or log, which no CI system treats as a command."""
    return no_command(visible(_COLOR.sub("", text)))


def no_command(line: str) -> str:
    """A line of a log that no CI system treats as a command; colors are kept."""
    line = _MARKED_COMMAND.sub(r"#\\#", line)
    return re.sub(r"^(\s*)::", r"\1\\::", line)


def log_lines(text: str) -> str:
    """Lines for a log without a guarded stream."""
    return "\n".join(map(terminal_line, text.split("\n")))


def json_text(text: str) -> str:
    """The same JSON, without characters that a terminal or a log would execute."""
    # They can only be in strings, where an escape sequence means the same.
    if not text.isascii() or "\x7f" in text:
        text = re.sub(_INVISIBLE_IN_JSON, _as_json, text)
    return _MARKED_COMMAND.sub(r"#\\u0023", text) if "##" in text else text


def _as_json(found: re.Match[str]) -> str:
    return f"\\u{ord(found.group()):04x}"


def drop_controls(text: str) -> str:
    """Remove terminal control sequences."""
    return _CONTROLS.sub("", text)


def markdown_text(text: str) -> str:
    """One line of text that Markdown shows unchanged, except for code spans.

    It contains no HTML, mention, link, image or table cell, and starts neither a list
    nor a heading.
    """
    line = visible(" ".join(text.split()))
    parts: list[str] = []
    end = 0
    for start, stop in _code_spans(line):
        code = line[start:stop]
        # A backslash does not escape in code, so no pipe can follow one in a table.
        if "\\|" in code:
            continue
        parts += [_plain(line[end:start]), code.replace("|", "\\|")]
        end = stop
    parts.append(_plain(line[end:]))
    return _BLOCK.sub(_no_block, "".join(parts))


def _code_spans(line: str) -> Iterator[tuple[int, int]]:
    """The positions of code spans, delimited by runs of equally many backticks.

    A regular expression for this takes hours for a hostile text.
    """
    runs = [found.span() for found in _BACKTICKS.finditer(line)]
    nexts: list[int | None] = []
    later: dict[int, int] = {}
    for position in reversed(range(len(runs))):
        length = runs[position][1] - runs[position][0]
        nexts.append(later.get(length))
        later[length] = position
    nexts.reverse()
    position = 0
    while position < len(runs):
        closing = nexts[position]
        if closing is None:
            position += 1
        else:
            yield runs[position][0], runs[closing][1]
            position = closing + 1


def _no_block(found: re.Match[str]) -> str:
    # A digit cannot be escaped: the character after it makes the list item.
    return f"{found[2]}{_JOINER}" if found[2] else f"\\{found[1]}"


def _plain(text: str) -> str:
    text = text.replace("\\", "\\\\").replace("`", "\\`").replace("&", "&amp;")
    text = text.replace("<", "&lt;").replace("|", "\\|").replace("$", "\\$")
    return _unlinked(text.replace("![", "!\\[").replace("](", "]\\("))


def _unlinked(text: str) -> str:
    """Text in which GitHub finds no mention, issue, commit or address."""
    return _REFERENCE.sub(lambda found: f"{found.group()}{_JOINER}", text)


def posted_page(page: str) -> str:
    """Escape a Markdown page that others may have written, for our comment.

    Headings, tables and code are kept; HTML, images, links, formulas, diagrams and
    mentions are not.
    """
    fence, unclosed = "", False
    lines: list[str] = []
    for line in page.splitlines():
        shown = visible(line)
        if fence:
            if _closes(shown, fence):
                shown, fence = fence, ""
        elif opens := _FENCE.match(shown):
            fence, unclosed = opens[1] or opens[2], False
            # GitHub renders code blocks of some languages as pictures.
            shown = f"{fence}text"
        else:
            shown = _INNER_FENCE.sub(_no_fence, shown, count=1)
            # A code span may start on one line and end on another.
            odd = "`" in _without_code(shown) or "\\`" in shown
            unclosed = bool(shown.strip()) and (unclosed or odd)
            shown = _inert(shown) if unclosed else _outside_of_code(shown)
        lines.append(shown)
    return "\n".join([*lines, *([fence] if fence else []), ""])


def _closes(line: str, fence: str) -> bool:
    """Whether a line ends a code block: not after four spaces or a tab."""
    marks = line.rstrip(" \t")
    indent = len(marks) - len(marks.lstrip(" "))
    marks = marks[indent:]
    return indent < _INDENT and marks.startswith(fence) and not marks.strip(fence[0])


def _no_fence(found: re.Match[str]) -> str:
    return found[1] + "".join(f"\\{mark}" for mark in found[2])


def _outside_of_code(line: str) -> str:
    parts: list[str] = []
    end = 0
    for start, stop in _code_spans(line):
        parts += [_inert(line[end:start]), line[start:stop]]
        end = stop
    return "".join([*parts, _inert(line[end:])])


def _without_code(line: str) -> str:
    """A line without its code spans."""
    ends = [0, *(at for span in _code_spans(line) for at in span), len(line)]
    return "".join(line[a:b] for a, b in zip(ends[0::2], ends[1::2], strict=True))


def _inert(text: str) -> str:
    text = re.sub(r"&(?!(?:amp|lt|gt|quot);)", "&amp;", text).replace("<", "&lt;")
    text = _FORMULA.sub(r"\1\\$", text)
    text = text.replace("![", "!\\[").replace("](", "]\\(")
    # A link by reference, and its address, which is invisible.
    return _unlinked(re.sub(r"\](?=[\[:])", r"\\]", text))


def cell(text: str) -> str:
    """Text for one cell of a Markdown table; a dash if it is empty."""
    return markdown_text(text) or "-"


def code_span(text: str) -> str:
    """A Markdown code span with more backticks than any run of them in the text."""
    shown = visible(text)
    fence = _fence("`", shown)
    return f"`{shown}`" if fence == "`" else f"{fence} {shown} {fence}"


def code_cell(text: str) -> str:
    """Code for one cell of a Markdown table."""
    shown = visible(text)
    if "\\|" not in shown and not shown.endswith("\\"):
        return code_span(shown).replace("|", "\\|")
    # A code span in a table cannot show a backslash before a pipe.
    punctuation = re.compile(r"[!-/:-@\[-`{-~]")
    inner = punctuation.sub(lambda found: f"&#{ord(found.group())};", shown)
    return f"<code>{inner}</code>"


def fenced(text: str) -> str:
    """A Markdown code block with more backticks than any run of them in the text."""
    shown = re.sub(_INVISIBLE_IN_LINES, _shown, text.replace("\r\n", "\n"))
    fence = _fence("```", shown)
    return f"{fence}text\n{shown}\n{fence}"


def _fence(fence: str, text: str) -> str:
    while fence in text:
        fence += "`"
    return fence


def html_text(text: str) -> str:
    """Text for HTML, including attributes."""
    return html.escape(re.sub(_INVISIBLE_IN_LINES, _shown, text.replace("\r\n", "\n")))


def xml_text(text: str) -> str:
    """Text without the characters that XML cannot contain."""
    return re.sub(_NOT_XML, "\ufffd", text)


def workflow_data(text: str) -> str:
    """The message of a workflow command of GitHub."""
    return _encoded(_COLOR.sub("", text.replace("\r\n", "\n")))


def workflow_property(text: str) -> str:
    """The value of a property of a workflow command."""
    return _encoded(text).replace(":", "%3A").replace(",", "%2C")


def _encoded(text: str) -> str:
    shown = re.sub(_INVISIBLE_IN_LINES, _shown, text)[:_LONGEST_ANNOTATION]
    shown = shown.replace("%", "%25").replace("\n", "%0A")
    return _MARKED_COMMAND.sub(r"#\\#", shown)
