"""Imports are read by patterns: as exactly as from the syntax tree, however written."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_engine.project.repository import read_project
from ci_engine.test_selection.module_names import Modules
from ci_engine.test_selection.python_imports import imports_in, imports_of, parse
from ci_engine.test_selection.repository_files import Files

NAMES = ("a.py", "p/__init__.py", "p/a.py", "p/b.py", "p/sub/__init__.py", "p/sub/c.py")
PARTS = ("extensions/ci_engine/test_selection/", "extensions/ci_engine/changes/")
ROOT = Path(__file__).parents[3]


def modules_of(*names: str) -> Modules:
    return Modules(Files(Path("/nowhere"), frozenset(names)), ["", "tests"])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import a", "a.py"),
        ("import os, p.a as x, p.sub.c", "p/a.py p/sub/c.py"),
        ("import os, \\\n    p.a", "p/a.py"),
        ("from p import a, b", "p/a.py p/b.py"),
        ("from p import *", "p/__init__.py"),
        ("from p import Thing", "p/__init__.py"),
        ("from p.sub.c import (\n    x,  # noqa (E1)\n    y,\n)", "p/sub/c.py"),
        ("from p import (\n    x,  # of (p)\n    b,\n)", "p/__init__.py p/b.py"),
        ("from p.sub \\\n    import c", "p/sub/c.py"),
        ("from p import a; from p import b", "p/a.py p/b.py"),
        ("try: import a\nexcept ImportError: a = None", "a.py"),
        ("if x:\n\timport p.b\nelse:\n    from p import a", "p/a.py p/b.py"),
        ("\N{BYTE ORDER MARK}import a", "a.py"),
        ("x = 1\r\nimport a\r\n", "a.py"),
        ("x = 1\rimport a\r", "a.py"),
        ("from.b import x", ""),
        ("# import a", ""),
        ("'''\nimport a\n'''", ""),
        ('def f():\n    """Like this:\n\n    from p import a\n    """', ""),
        ('def f():\n    """Its "name"."""\n    from p import a', "p/a.py"),
        ('x = \'"""\'\nfrom p import a\ny = \'"""\'', "p/a.py"),
        ('# """\nfrom p import a\n# """', "p/a.py"),
        ("yield_from = 1\nimportant = 2\nfrom_import = 3", ""),
    ],
)
def test_an_import_is_found_however_it_is_written(text: str, found: str) -> None:
    read = imports_of("main.py", modules_of(*NAMES, "main.py"), text.encode())
    assert sorted(read) == found.split()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from . import a", "p/a.py"),
        ("from .import a", "p/a.py"),
        ("from .. import a", "p/a.py"),
        ("from ..b import x", "p/b.py"),
        ("from .c import x", "p/sub/c.py"),
        ("from.c import x", "p/sub/c.py"),
    ],
)
def test_a_relative_import_is_found(text: str, found: str) -> None:
    path = "p/sub/main.py" if found != "p/a.py" or ".. " in text else "p/main.py"
    read = imports_of(path, modules_of(*NAMES, path), text.encode())
    assert sorted(read) == found.split()


def test_the_patterns_read_what_the_syntax_trees_contain() -> None:
    project = read_project(ROOT)
    files = Files.of(project)
    modules = Modules(files, ["", "extensions"])
    for path in files.python:
        text = files.read(path)
        tree = parse(text) if path.startswith(PARTS) else None
        if tree is not None:
            expected = imports_in(tree, path, modules) - {path}
            assert imports_of(path, modules, text) == expected, path
