"""Append the framework's block to a TOML file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

import msgspec

from ci_engine.configuration.reading import Table
from ci_framework.answers import OwnSetting
from ci_framework.planning.edits import (
    CannotEdit,
    Edit,
    append_to,
    decode,
    line_end,
    marked_block,
)
from ci_framework.planning.toml_settings import write_settings

_HEADER = re.compile(r"^\[[^\[].*\]$", re.MULTILINE)


def insert_toml_block(
    before: bytes, block: bytes, own: Sequence[OwnSetting] = ()
) -> Edit:
    """Append the framework's block, preceded by the project's own settings.

    Raises:
        CannotEdit: if the engine cannot read the file, before or afterwards.
    """
    body = marked_block(before, block)
    if body is None:
        return Edit(before, ())
    text = decode(before)
    problem = toml_problem(text)
    if problem:
        raise CannotEdit(f"it is not valid TOML 1.0: {problem}")
    _refuse_taken(text)
    if own:
        body = write_settings(own).encode() + b"\n" + body
    edit = append_to(before, body, line_end(before or block))
    problem = toml_problem(decode(edit.after))
    if problem:
        raise CannotEdit(_describe_clash(text, body.decode(), problem))
    return edit


def toml_problem(text: str) -> str:
    """Why the engine cannot read a text, empty if it can."""
    try:
        msgspec.toml.decode(text, type=Table)
    except msgspec.DecodeError as error:
        return " ".join(str(error).split())
    except RecursionError:
        return "it is nested too deeply"
    return ""


def _refuse_taken(text: str) -> None:
    tool = msgspec.toml.decode(text, type=Table).get("tool", {})
    if not isinstance(tool, dict):
        raise CannotEdit("its key tool is not a table")
    if "ci-framework" in cast("Table", tool):
        raise CannotEdit("it has a table [tool.ci-framework] of its own")


def _describe_clash(text: str, body: str, problem: str) -> str:
    """Name the first table of the block that conflicts with the file."""
    for header in _HEADER.findall(body):
        text = f"{text}\n{header}\n"
        if toml_problem(text):
            return f"the table {header} is taken, or cannot be added below its parent"
    return f"the block does not fit: {problem}"
