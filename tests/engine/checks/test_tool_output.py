"""The output of ruff and mypy, read line by line."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from ci_engine.checks.context import Context
from ci_engine.checks.lint import ruff
from ci_engine.checks.request import GateRequest
from ci_engine.checks.types import mypy
from ci_engine.configuration.loading import load_configuration
from ci_engine.errors import ToolError
from ci_engine.project.repository import Project


@pytest.fixture
def context(tmp_path: Path) -> Context:
    project = Project(root=tmp_path, manager="pip", pyproject={})
    settings = load_configuration(tmp_path, {}).settings
    error = ToolError("none")
    return Context(
        project=project,
        environment=error,
        cancel=threading.Event(),
        check="lint",
        settings=settings,
        request=GateRequest("essential", ["lint"], tmp_path),
        reports=tmp_path,
    )


def diff_places(context: Context, text: str) -> list[tuple[str, int]]:
    read = ruff._read_diff  # pyright: ignore[reportPrivateUsage]
    return [(finding.path, finding.line) for finding in read(context, text)]


def test_a_diff_gives_each_file_its_first_changed_line(context: Context) -> None:
    text = (
        "--- src/a.py\n+++ src/a.py\n@@ -10,4 +10,4 @@\n same\n same\n-x=1\n+x = 1\n"
        " same\n@@ -30 +30 @@\n-y=1\n+y = 1\n\n"
        "--- src/b.py\n+++ src/b.py\n@@ -1 +1 @@\n-y=1\n+y = 1\n\n"
    )
    assert diff_places(context, text) == [("src/a.py", 12), ("src/b.py", 1)]


def test_removed_lines_that_look_like_a_head_are_no_head(context: Context) -> None:
    text = (
        "--- src/a.py\n+++ src/a.py\n@@ -1,3 +1,2 @@\n same\n--- x\n-y\n+z\n"
        "@@ -9 +8 @@\n--- q\n+r\n"
    )
    assert diff_places(context, text) == [("src/a.py", 2)]


def test_cells_of_notebooks_belong_to_their_notebook(context: Context) -> None:
    text = (
        "--- n.ipynb:cell 1\n+++ n.ipynb:cell 1\n@@ -1 +1 @@\n-x=1\n+x = 1\n"
        "--- n.ipynb:cell 3\n+++ n.ipynb:cell 3\n@@ -2 +2 @@\n-x=1\n+x = 1\n"
    )
    assert diff_places(context, text) == [("n.ipynb", 1), ("n.ipynb", 2)]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            "src/a.py:3:5: error: Bad  [misc]",
            ("src/a.py", 3, 5, "error", "Bad", "misc"),
        ),
        ("src/a.py:3: error: Bad", ("src/a.py", 3, 0, "error", "Bad", "error")),
        ("src/a.py: error: Bad", ("src/a.py", 0, 0, "error", "Bad", "error")),
        ("a.py:1: warning: x: y", ("a.py", 1, 0, "warning", "x: y", "error")),
        (
            'a.py:1:1: error: Type "x[y]" is  bad  [arg-type]',
            ("a.py", 1, 1, "error", 'Type "x[y]" is  bad', "arg-type"),
        ),
    ],
)
def test_a_line_of_mypy(
    context: Context, row: str, expected: tuple[str, int, int, str, str, str]
) -> None:
    read = mypy._findings  # pyright: ignore[reportPrivateUsage]
    (found,) = read(context, row)
    location = (found.path, found.line, found.column)
    assert (*location, found.severity, found.message, found.rule) == expected


def test_a_line_of_mypy_with_a_drive(context: Context) -> None:
    line = mypy._LINE  # pyright: ignore[reportPrivateUsage]
    match = line.match("C:\\src\\a.py:3:5: error: Bad  [misc]")
    assert match is not None
    assert (match["path"], match["line"], match["column"]) == (
        "C:\\src\\a.py",
        "3",
        "5",
    )


@pytest.mark.parametrize(
    "row",
    [
        "src/a.py:3: note: See x",
        "Success: no issues found in 1 source file",
        "Found 1 error in 1 file (checked 1 source file)",
        "",
    ],
)
def test_other_lines_of_mypy_are_no_findings(context: Context, row: str) -> None:
    read = mypy._findings  # pyright: ignore[reportPrivateUsage]
    assert read(context, row) == []
