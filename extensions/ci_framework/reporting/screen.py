"""Print to the terminal: JSON and pages to standard output, the rest to stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ci_engine.errors import ToolError
from ci_engine.escaping import json_text
from ci_engine.project.output_files import write_text


def make_console(*, errors: bool = False) -> Console:
    """A console; rich honors NO_COLOR and writes plain lines to a pipe.

    It writes to standard error if standard output is for JSON.
    """
    file = sys.stderr if errors else sys.stdout
    # In a pipe a table must not be cut to a terminal's width.
    width = None if file.isatty() else 160
    return Console(file=file, highlight=False, width=width, emoji=False, markup=False)


def printable(text: str) -> Text:
    """Make foreign text printable: no escape sequence reaches the terminal."""
    shown = "".join(
        char if char.isprintable() or char == "\n" else repr(char)[1:-1]
        for char in text
    )
    return Text(shown)


def make_table(
    title: str, columns: Iterable[str], rows: Iterable[Iterable[str | Text]]
) -> Table:
    """A table without lines; its texts cannot send escape sequences."""
    table = Table(title=title, title_justify="left", box=None, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(printable(c) if isinstance(c, str) else c for c in row))
    return table


def print_json(value: object) -> None:
    """Print one JSON document."""
    encoded = msgspec.json.format(msgspec.json.encode(value, enc_hook=str))
    sys.stdout.write(json_text(encoded.decode("utf-8", "replace")) + "\n")


def write_report(directory: Path, name: str, text: str) -> Path:
    """Write a report atomically.

    Raises:
        ToolError: if the directory cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ToolError(
            f"{directory}: cannot write there: {error.strerror}",
            hint="choose another --report-dir",
        ) from error
    path = directory / name
    write_text(path, text)
    return path
