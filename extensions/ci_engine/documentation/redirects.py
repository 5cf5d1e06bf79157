"""Redirect pages in the format of mike."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

_MARK = "window.location.replace("


def redirect_page(address: str) -> str:
    """A page that redirects immediately, keeping query and anchor if possible."""
    # In a script, `<` could end it.
    target = json.dumps(address).replace("<", "\\u003c")
    shown = html.escape(address)
    return f"""\
<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>Redirecting</title>
  <noscript>
    <meta http-equiv="refresh" content="1; url={shown}">
  </noscript>
  <script>
    {_MARK}{target} + window.location.search + window.location.hash);
  </script>
</head>
<body>
  Redirecting to <a href="{shown}">{shown}</a>
</body>
</html>
"""


def is_redirect(text: str) -> bool:
    """Whether a page only redirects, written by us or by mike."""
    return _MARK in text and "Redirecting" in text


def write_redirects(directory: Path, pages: Iterable[str], version: str) -> None:
    """Write a redirect for each page of a version."""
    for page in pages:
        target = directory / page
        target.parent.mkdir(parents=True, exist_ok=True)
        up = "../" * (page.count("/") + 1)
        inside = (
            page.removesuffix("index.html") if page.endswith("index.html") else page
        )
        address = f"{up}{quote(version)}/{quote(inside)}"
        target.write_text(redirect_page(address), encoding="utf-8", newline="\n")
