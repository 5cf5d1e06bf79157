"""Files of the repository, and the Markdown of the reference."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Any

import msgspec
from generate_schemas import ROOT

Document = dict[str, Any]


def read(name: str) -> str:
    """Read a file of the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *(list(row) for row in rows)]
    return "\n".join(f"| {' | '.join(map(cell, line))} |" for line in lines)


def cell(text: str) -> str:
    """Text that does not end its cell; an empty one shows a dash."""
    return " ".join(text.split()).replace("|", "\\|") or "-"


def code(value: object) -> str:
    """A value as it is written in YAML and TOML alike."""
    return f"`{msgspec.json.encode(value).decode()}`".replace(",", ", ")


def wrap(text: str) -> str:
    """Prose in lines of the usual length."""
    return textwrap.fill(text, 88, break_long_words=False, break_on_hyphens=False)
