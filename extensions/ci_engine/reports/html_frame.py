"""The common parts of HTML pages: the frame, and tables."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ci_engine.escaping import html_text
from ci_engine.reports.html_script import SCRIPT
from ci_engine.reports.html_style import STYLE

_STYLE, _SCRIPT = f"\n{STYLE}", f"\n{SCRIPT}"


class Column(NamedTuple):
    """A column of a table.

    Attributes:
        short: whether its cells are short, and never wrapped.
        number: whether to sort by the numbers of its cells, else by their text.
        choices: whether readers can filter by its few values.
    """

    name: str
    short: bool = False
    number: bool = False
    choices: bool = False


class Cell(NamedTuple):
    """A cell: its markup, and its number for sorting; None comes last."""

    markup: str
    order: float | None


def _digest(content: str) -> str:
    """The hash with which a policy allows one style or script."""
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


# Even if something escaped the escaping, it could not run or load anything.
_POLICY = (
    f"default-src 'none'; style-src {_digest(_STYLE)}; script-src {_digest(_SCRIPT)}; "
    "img-src data:; base-uri 'none'; form-action 'none'"
)


def html_page(title: str, body: Iterable[str]) -> str:
    """A page that needs no network; its script only sorts and filters."""
    parts = [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{html_text(title)}</title>",
        # Without an icon of its own, browsers request one from the server.
        '<link rel="icon" href="data:,">',
        f"<style>{_STYLE}</style>",
        "</head>",
        "<body>",
        "<main>",
        *body,
        "</main>",
        f"<script>{_SCRIPT}</script>",
        "</body>",
        "</html>",
    ]
    return "\n".join(parts) + "\n"


def html_table(columns: Sequence[Column], rows: Iterable[Sequence[str | Cell]]) -> str:
    """A table of rows of markup that readers can sort and filter."""
    head = "".join(map(_head, columns))
    body = "\n".join(f"<tr>{''.join(map(_cell, columns, row))}</tr>" for row in rows)
    return (
        f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
    )


def _head(column: Column) -> str:
    sort = ' data-sort="number"' if column.number else ""
    choices = " data-choices" if column.choices else ""
    return f'<th scope="col"{sort}{choices}>{column.name}</th>'


def _cell(column: Column, cell: str | Cell) -> str:
    markup, order = (cell, None) if isinstance(cell, str) else cell
    short = ' class="short"' if column.short else ""
    number = "" if order is None else f' data-order="{order:.17g}"'
    return f'<td{short}{number} data-label="{column.name}">{markup}</td>'
