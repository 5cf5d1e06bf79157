"""Recognize Python code by file name, in any case, or by the first line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from ci_engine.checks.sources import is_below

NOTEBOOK = ".ipynb"
_SUFFIXES = (".py", ".pyw", ".pyi")
_SHEBANG = re.compile(
    rb"(?:\xef\xbb\xbf)?#![^\n]*"
    rb"(?:\b(?:python|pypy)[\d.]*\b|\b(?:uvx?|pipx|hatch|pdm|poetry|rye)\s[^\n]*\brun\b)"
)
_LONGEST_SHEBANG = 200


def has_python_name(name: str) -> bool:
    """Whether the name of a file has a suffix of Python."""
    return name.lower().endswith(_SUFFIXES)


def is_notebook(name: str) -> bool:
    """Whether the name of a file has the suffix of Jupyter notebooks."""
    return name.lower().endswith(NOTEBOOK)


def is_python_script(path: Path) -> bool:
    """Whether the first line of a file names a Python interpreter."""
    try:
        with path.open("rb") as stream:
            return _SHEBANG.match(stream.read(_LONGEST_SHEBANG)) is not None
    except OSError:
        return False


def is_test(name: str, test_paths: Iterable[str], source_paths: Iterable[str]) -> bool:
    """Whether a file is one of the tests.

    A test path that contains a whole source path does not make sources tests.
    """
    sources = [PurePosixPath(path) for path in source_paths if is_below(name, [path])]
    return any(
        is_below(name, [path])
        and not any(source.is_relative_to(PurePosixPath(path)) for source in sources)
        for path in test_paths
    )
