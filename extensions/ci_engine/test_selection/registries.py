"""Modules that a package imports because they register something.

Evidence: the module changes an object of another module when it is imported. A package
that imports a module only for its names is not evidence: otherwise every test would
need every module. Users of the package depend on modules that register.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache

from ci_engine.project.python_sources import last_name
from ci_engine.test_selection.python_imports import parse
from ci_engine.test_selection.repository_files import Files, parent

_Edges = Mapping[str, Mapping[str, str]]
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
# Classes that are registered by being defined.
_SUBCLASSES = (b"__init_subclass__", b"__subclasses__")
# A top-level statement that is a call, or changes a part of an object; few modules
# have one, and only those are parsed.
_MAY_CHANGE = re.compile(
    rb"^(?:@(?:[\w.]*(?i:regist|plugin|hookimpl|command)|\w+\.[\w.]*\(|.*[\])]\.)"
    rb"|[A-Za-z_][\w.]*(?:\[.*\][\w.\[\]\"']*[ \t]*[-+|&]?=[^=]|\()"
    rb"|[A-Za-z_]\w*(?:\.\w+)+[ \t]*[-+|&]?=[^=])",
    re.MULTILINE,
)
# Calls that packages make when they are imported, without effects elsewhere.
_HARMLESS = frozenset(
    {"filterwarnings", "simplefilter", "getLogger", "addHandler", "basicConfig"}
    | {"freeze_support", "warn", "reconfigure", "print", "exit"}
)


def registering_modules(files: Files, edges: _Edges) -> dict[str, set[str]]:
    """For each package's ``__init__.py``, the imported modules that register."""
    found: dict[str, set[str]] = {}
    by_class = files.containing(*_SUBCLASSES)

    # Several packages may import a module, which is examined once.
    @cache
    def registers(path: str) -> bool:
        return _registers(files.read(path), path, by_class, edges)

    for init in files.python:
        if init.endswith("/__init__.py"):
            own = frozenset(_imported(init, edges, frozenset()))
            kept = {path for path in own if registers(path)}
            if kept:
                found[init] = kept
    return found


def _imported(init: str, edges: _Edges, seen: frozenset[str]) -> Iterator[str]:
    """The modules that a package imports from itself, including its subpackages."""
    location = f"{parent(init)}/"
    for path, kind in edges.get(init, {}).items():
        if kind != "imports" or not path.startswith(location) or path in seen:
            continue
        yield path
        if path.endswith("/__init__.py"):
            yield from _imported(path, edges, seen | {init, path})


def _registers(text: bytes, path: str, by_class: frozenset[str], edges: _Edges) -> bool:
    # A base class that records its subclasses.
    by_base = not by_class.isdisjoint(edges.get(path, {}))
    if not (by_base or _MAY_CHANGE.search(text)):
        return False
    tree = parse(text)
    if tree is None:
        return True
    imported = _imported_names(tree)
    if any(_changes(node, imported) for node in tree.body):
        return True
    return by_base and any(isinstance(n, ast.ClassDef) and n.bases for n in tree.body)


def _imported_names(tree: ast.Module) -> frozenset[str]:
    return frozenset(
        (alias.asname or alias.name).partition(".")[0]
        for node in tree.body
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    )


def _changes(node: ast.stmt, imported: frozenset[str]) -> bool:
    """Whether a top-level statement changes an imported object."""
    if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return any(
            isinstance(target, (ast.Subscript, ast.Attribute))
            and _root(target) in imported
            for target in targets
        )
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        call = node.value
        return _root(call.func) in imported and last_name(call.func) not in _HARMLESS
    if isinstance(node, _Definition):
        return any(_is_registration(d, imported) for d in node.decorator_list)
    return False


def _is_registration(decorator: ast.expr, imported: frozenset[str]) -> bool:
    """Whether a decorator's name suggests that it registers its function."""
    location = decorator.func if isinstance(decorator, ast.Call) else decorator
    name = last_name(location).lower()
    named = any(part in name for part in ("regist", "plugin", "hookimpl", "command"))
    routed = isinstance(location, ast.Attribute) and isinstance(decorator, ast.Call)
    return _root(location) in imported and (named or routed)


def _root(node: ast.expr) -> str:
    """``a`` of ``a.b["c"].d``."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""
