"""The entry points that the projects of a repository declare, by group.

Read from ``pyproject.toml`` (standard, Poetry and Flit), ``setup.cfg``,
``setup.py`` and ``entry_points.txt``, anywhere in the repository.
"""

from __future__ import annotations

import ast
import configparser
import re
from collections.abc import Iterator, Mapping

import msgspec

from ci_engine.configuration.reading import Table
from ci_engine.configuration.tables import table
from ci_engine.test_selection.python_imports import parse
from ci_engine.test_selection.repository_files import Files

# Groups of commands; their modules are started, not loaded.
_COMMANDS = frozenset({"console_scripts", "gui_scripts", "scripts", "gui-scripts"})
_POETRY, _FLIT = ("tool", "poetry"), ("tool", "flit")
_TABLES = (
    ("project", "entry-points"),
    (*_POETRY, "plugins"),
    (*_FLIT, "entrypoints"),
)
_SCRIPTS = (
    ("project", "scripts"),
    ("project", "gui-scripts"),
    (*_POETRY, "scripts"),
    (*_FLIT, "scripts"),
)
# The sections of setuptools and of pbr.
_IN_SETUP_CFG = ("options.entry_points", "entry_points")
# Parsing takes much longer than searching for this text.
_DECLARING = (b"entry", b"scripts", b"plugins")
# What a group of entry points may be in a script.
_ROWS = (ast.List, ast.Tuple, ast.Set, ast.Constant)
_ROW = re.compile(r"^\s*([^=\s][^=]*?)\s*=\s*([A-Za-z_][\w.]*)\s*(?::|\[|$)")


class EntryPoint(msgspec.Struct, frozen=True):
    """One declared entry point.

    Attributes:
        group: the group; empty for a command.
        module: the module that is loaded.
    """

    group: str
    name: str
    module: str


def read_entry_points(files: Files) -> list[EntryPoint]:
    """All entry points that the projects of a repository declare."""
    found: list[EntryPoint] = []
    for path in sorted(files.names):
        base = path.rpartition("/")[2]
        if base == "pyproject.toml":
            found += _from_pyproject(files.read(path))
        elif base == "setup.cfg":
            sections = _sections(files.read(path))
            for section in _IN_SETUP_CFG:
                found += _from_groups(sections.get(section, {}))
        elif base == "entry_points.txt":
            sections = _sections(files.read(path))
            found += [
                point
                for group, rows in sections.items()
                for point in _rows(group, [f"{k} = {v}" for k, v in rows.items()])
            ]
        elif base == "setup.py":
            found += _from_setup_py(files.read(path))
    return found


def _from_pyproject(text: bytes) -> Iterator[EntryPoint]:
    if not any(name in text for name in _DECLARING):
        return
    try:
        document = msgspec.toml.decode(text, type=Table)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    for keys in _TABLES:
        for group, names in table(document, *keys).items():
            for name, target in table(names).items():
                yield _point(group, name, target)
    for keys in _SCRIPTS:
        for name, target in table(document, *keys).items():
            # Poetry also allows a table.
            reference = table(target).get("reference", target)
            yield _point("scripts", name, reference)


def _point(group: str, name: str, target: object) -> EntryPoint:
    module = target.partition(":")[0].strip() if isinstance(target, str) else ""
    return EntryPoint("" if group in _COMMANDS else group, name, module)


def _sections(text: bytes) -> Mapping[str, Mapping[str, str]]:
    if b"[" not in text:
        return {}
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        parser.read_string(text.decode("utf-8-sig"))
    except (UnicodeDecodeError, configparser.Error):
        return {}
    return {section: dict(parser[section]) for section in parser.sections()}


def _from_groups(groups: Mapping[str, str]) -> Iterator[EntryPoint]:
    for group, value in groups.items():
        yield from _rows(group, value.splitlines())


def _rows(group: str, rows: list[str]) -> Iterator[EntryPoint]:
    for row in rows:
        found = _ROW.match(row)
        if found:
            yield _point(group, found.group(1), found.group(2))


def _from_setup_py(text: bytes) -> Iterator[EntryPoint]:
    """The tables and texts of a script that look like entry points.

    They may be an argument of ``setup``, or be collected before its call.
    """
    tree = parse(text) if b"entry_points" in text else None
    for node in ast.walk(tree) if tree else ():
        for group, texts in _literal_groups(node):
            yield from _rows(group, [row for t in texts for row in t.splitlines()])


def _literal_groups(node: ast.AST) -> Iterator[tuple[str, list[str]]]:
    """Texts below a group, in a table, an assignment or the text of sections."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        for group, rows in _sections(node.value.encode()).items():
            yield group, [f"{key} = {value}" for key, value in rows.items()]
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            yield from _group(key, value)
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
        yield from _group(node.targets[0].slice, node.value)


def _group(key: ast.expr | None, value: ast.expr) -> Iterator[tuple[str, list[str]]]:
    constant = key.value if isinstance(key, ast.Constant) else None
    if isinstance(constant, str) and isinstance(value, _ROWS):
        yield constant, [text for n in ast.walk(value) for text in _texts_in(n)]


def _texts_in(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
