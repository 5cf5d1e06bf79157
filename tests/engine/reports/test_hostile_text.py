"""No text becomes a command in a log, or a link in a page."""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from ci_engine.escaping import (
    cell,
    code_cell,
    code_span,
    fenced,
    html_text,
    json_text,
    log_lines,
    markdown_text,
    posted_page,
    terminal_line,
    workflow_data,
    workflow_property,
)
from ci_engine.github.log_stream import LogStream
from tests.support.log_readers import commands_in, hidden_in

PARTS = (
    *("::", ":", "##[", "##", "#", "[", "]", "##vso[", "add-mask", "stop-commands"),
    *("\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\t"),
    *(" ", "\xa0", "\u3000", "\u200b", "\u200d", "\ufeff", "\u2060", "\u180e"),
    *(
        "\x1b[31m",
        "\x1b[8m",
        "\x1b]0;t\x07",
        "\x1b]8;;http://e\x1b\\",
        "\x9b2J",
        "\x1b",
    ),
    *("\u202e", "\u2066", "\udcff", "\x00", "\x7f", "\U000e0041", "\u061c"),
    *("@team", "#1", "o/r#2", "GH-3", "deadbeef1", "https://evil.example", "www.e.com"),
    *("`", "``", "```", "~~~", "|", "\\", "\\|", "\\`", "<b>", "<!--", "-->", "&#64;x"),
    *("![a](b)", "[a](http://e)", "[a]: http://e", "[a][a]", "[^1]: x", "]("),
    *(" ```", "```\t", "  ~~~", "~~~ x"),
    *("# ", "> ", "- ", "1. ", "---", "===", "    ", "$x$", "&", "&lt;", "a", "é"),
)
TEXTS = st.lists(st.sampled_from(PARTS), max_size=12).map("".join)
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
REFERENCE = re.compile(r"@\w|(?<!\w)#\d|\w#\d|GH-\d|://|www\.", re.ASCII)


def flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from flat(token.children or [])


def active(page: str) -> list[str]:
    """What a page has that is more than text: HTML, links, images, mentions."""
    tokens = list(flat(MARKDOWN.parse(page)))
    kinds = ("html_inline", "html_block", "link_open", "image", "softbreak")
    found = [token.type for token in tokens if token.type in kinds[:4]]
    texts = [token.content for token in tokens if token.type == "text"]
    return [*found, *(text for text in texts if REFERENCE.search(text))]


@given(TEXTS)
@example("::add-mask::x")
@example(" \t\u3000::add-mask::x")
@example("a\r::stop-commands::x")
@example("name ##[add-mask]e")
@example(":\x1b[0m:add-mask::x")
def test_a_line_of_a_log_is_no_command(text: str) -> None:
    for shown in (terminal_line(text), log_lines(text)):
        assert commands_in(shown) == []
        assert hidden_in(shown) == []
    assert "\n" not in terminal_line(text)


@given(st.lists(st.lists(TEXTS, max_size=4), max_size=4))
@example([["\x1b[31m", ":", ":x::"], ["##", "[add-mask]y"]])
def test_a_stream_lets_no_command_through_however_it_is_written(
    lines: list[list[str]],
) -> None:
    below = io.StringIO()
    stream = LogStream(below)
    for parts in lines:
        stream.writelines([*parts, "\n"])
    assert commands_in(below.getvalue()) == []
    assert hidden_in(below.getvalue()) == []


@given(TEXTS)
def test_json_means_the_same_and_holds_no_command(text: str) -> None:
    document = json.dumps({"a": text.encode("utf-8", "replace").decode()}, indent=1)
    wide = json.dumps(json.loads(document), ensure_ascii=False)
    for shown in (json_text(document), json_text(wide)):
        assert json.loads(shown) == json.loads(document)
        assert commands_in(shown) == []
        assert set(hidden_in(shown)) <= {"\U000e0041"}


@given(TEXTS)
def test_an_annotation_is_one_command(text: str) -> None:
    line = f"::error file={workflow_property(text)}::{workflow_data(text)}"
    assert commands_in(line) == [line]
    assert line.count("::") - workflow_data(text).count("::") == 2
    assert "##[" not in line
    assert hidden_in(line) == []


@given(TEXTS, TEXTS)
def test_text_in_a_page_stays_text(text: str, other: str) -> None:
    page = (
        f"{markdown_text(text)}\n\n- {markdown_text(text)} **{markdown_text(other)}**"
    )
    assert active(page) == []
    kinds = {token.type for token in MARKDOWN.parse(markdown_text(text))}
    assert kinds <= {"paragraph_open", "inline", "paragraph_close"}


@given(TEXTS, TEXTS, TEXTS)
def test_no_text_breaks_a_table(first: str, second: str, third: str) -> None:
    row = f"| {cell(first)} | {code_cell(second)} | {cell(third)} |"
    page = f"| a | b | c |\n|---|---|---|\n{row}\n| x | y | z |"
    tokens = MARKDOWN.parse(page)
    cells = [tokens[at + 1] for at, each in enumerate(tokens) if each.type == "td_open"]
    assert len(cells) == 6
    assert [each.content for each in cells[3:]] == ["x", "y", "z"]
    assert active(cells[0].content) == active(cells[2].content) == []
    html = [each.content for each in flat(tokens) if each.type == "html_inline"]
    assert html in ([], ["<code>", "</code>"])


@given(TEXTS)
def test_code_stays_code(text: str) -> None:
    span, block = MARKDOWN.parse(code_span(text) or "``"), MARKDOWN.parse(fenced(text))
    assert len(span) == 3 or not text
    assert [token.type for token in block] == ["fence"]
    assert not [each for each in active(code_span(text)) if each != text]


@given(st.lists(st.one_of(TEXTS, TEXTS.map(code_span), TEXTS.map(fenced)), max_size=8))
@example(["a ` b", "` @team `"])
@example(["- x", "  ```", "  code", "@team"])
@example(["``` a`b", "@team"])
@example(["\\`` a ` @team `"])
@example(["   ```", "x", "```", "@team ![a](http://e)"])
@example(["~~~", "x", "~~~\t", "@team"])
@example(["- ```", "```", "@team", "```", "@team"])
@example(["```", "x", "   `````  ", "@team", "```"])
def test_a_page_of_others_is_posted_without_links_and_mentions(
    lines: list[str],
) -> None:
    assert active(posted_page("\n".join(lines))) == []


def test_no_block_of_code_of_others_is_drawn() -> None:
    page = posted_page('```mermaid\nclick a href "https://e"\n```\n~~~ math\nx\n~~~\n')
    fences = [each for each in MARKDOWN.parse(page) if each.type == "fence"]
    assert [each.info for each in fences] == ["text", "text"]


@pytest.mark.parametrize("text", ["$x$", "a $$\\href{https://e}{x}$$", r"\\$x\\$"])
def test_no_formula_of_others_is_drawn(text: str) -> None:
    page = posted_page(text)
    assert not re.search(r"(?<!\\)(?:\\\\)*\$", page), page
    assert posted_page(page) == page


def test_a_page_of_ours_is_posted_as_it_is() -> None:
    page = "## gate: red\n\n| a | b |\n|---|---|\n| `x` | y |\n\n```text\n@x <b>\n```\n"
    assert posted_page(page) == page


@pytest.mark.heavy
def test_a_long_text_of_backticks_takes_no_time() -> None:
    line = " ".join("`" * length for length in range(1, 2_000))
    start = time.process_time()
    assert markdown_text(line)
    assert posted_page(line)
    assert time.process_time() - start < 5


@pytest.mark.parametrize("text", ["<b>", "\u202eabc", "\x1b[31m", 'a" onload="x'])
def test_html_shows_text(text: str) -> None:
    assert not re.search('[<>"]', html_text(text))
    assert hidden_in(html_text(text)) == []
