"""What every page of HTML has in common: its frame, and how tables are written."""

from __future__ import annotations

from collections.abc import Iterable

from ci_engine.escaping import html_text
from ci_engine.reports.html_style import STYLE

_SHORT = ' class="short"'


def html_page(title: str, body: Iterable[str]) -> str:
    """A page that needs no script and no network."""
    parts = [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{html_text(title)}</title>",
        # Without an icon of its own, a browser asks the server for one.
        '<link rel="icon" href="data:,">',
        f"<style>\n{STYLE}</style>",
        "</head>",
        "<body>",
        "<main>",
        *body,
        "</main>",
        "</body>",
        "</html>",
    ]
    return "\n".join(parts) + "\n"


def html_table(heads: dict[str, bool], rows: list[list[str]]) -> str:
    """A table; cells of some columns are short, and never broken."""
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    kinds = [
        f'{_SHORT if short else ""} data-label="{name}"'
        for name, short in heads.items()
    ]
    body = "\n".join(
        f"<tr>{''.join(map('<td{}>{}</td>'.format, kinds, row))}</tr>" for row in rows
    )
    return (
        f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
    )
