"""Imports by names in texts: plugins, lazy modules, commands.

Evidence: calls such as ``import_module(name)``, and the texts in the same file.
"""

from __future__ import annotations

import ast
import os
import re

import msgspec

from ci_engine.project.python_sources import last_name
from ci_engine.test_selection.import_graph import ImportGraph
from ci_engine.test_selection.module_names import Modules
from ci_engine.test_selection.python_imports import parse
from ci_engine.test_selection.repository_files import Files, parent, parents

# Only files with one of these are looked into.
_SIGNS = (
    *(b"import_module", b"__import__", b"load_module", b"run_module", b"run_path"),
    *(b"pytest_plugins", b"spec_from_file_location", b"iter_modules", b"walk_packages"),
    *(b"lazy_loader", b"lazy.attach", b"def __getattr__(name"),
)
_LOADERS = frozenset(
    {"import_module", "__import__", "run_module", "run_path", "load_module"}
    | {"spec_from_file_location"}
)
# What may hold the names for a loader, and how it may find them by itself.
_NAMING = (".toml", ".cfg", ".ini", ".json", ".yml", ".yaml", ".txt")
_LISTING = (
    *(b"glob", b"iterdir", b"listdir", b"scandir", b"os.walk"),
    *(b"iter_modules", b"walk_packages"),
)
_WALKERS = frozenset({"iter_modules", "walk_packages"})


class Loads(msgspec.Struct, frozen=True):
    """What one file loads.

    Attributes:
        sure: the files that it loads.
        maybe: the files that it may load, depending on its input.
        anything: those that it may load if its input is their whole name.
    """

    sure: frozenset[str] = frozenset()
    maybe: frozenset[str] = frozenset()
    anything: frozenset[str] = frozenset()


def loads_of(path: str, modules: Modules, text: bytes) -> Loads:
    """Find what a file loads by names in texts."""
    tree = parse(text) if any(sign in text for sign in _SIGNS) else None
    if tree is None:
        return Loads()
    nodes = list(ast.walk(tree))
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    names = {last_name(call.func) for call in calls}
    lazy = path.endswith("/__init__.py") and b"def __getattr__" in text
    lazy |= "attach" in names or "attach_stub" in names
    texts = [
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    named = {
        found for value in texts for found in _named(value, path, modules, beside=lazy)
    }
    sure: set[str] = set(named) if lazy or b"pytest_plugins" in text else set()
    maybe: set[str] = set()
    anything: set[str] = set()
    for call in calls:
        if last_name(call.func) in _WALKERS:
            maybe.update(modules.below(parent(path)))
        elif last_name(call.func) in _LOADERS:
            argument = call.args[0] if call.args else None
            if isinstance(argument, ast.Constant):
                if isinstance(argument.value, str):
                    sure.update(_named(argument.value, path, modules, beside=False))
                continue
            maybe.update(named)
            for start in _starts(argument, nodes):
                location = _below(start, path, modules)
                if location is None:
                    anything.update(modules.below(_outermost(path, modules)))
                else:
                    maybe.update(modules.below(location))
    sure.discard(path)
    maybe -= sure | {path}
    anything -= maybe | sure | {path}
    return Loads(frozenset(sure), frozenset(maybe), frozenset(anything))


def _named(value: str, path: str, modules: Modules, *, beside: bool) -> list[str]:
    """The modules that a text names: ``a.b:c``, ``.b``, or, beside it, ``b``."""
    name = value.partition(":")[0].strip()
    plain = name.lstrip(".")
    if not plain.replace(".", "").isidentifier():
        return []
    level = len(name) - len(plain)
    if level:
        return modules.relative(path, level, plain)
    if "." in name:
        # The last part may be a class or a function.
        outer = name.rpartition(".")[0]
        whole = modules.exact(name, path)
        return whole or (modules.exact(outer, path) if "." in outer else [])
    found = modules.exact(name, path) if name not in _COMMON else []
    return [*found, *(modules.relative(path, 1, name) if beside else [])]


# Texts that are words far more often than names of modules.
_COMMON = frozenset({"test", "tests", "src", "docs", "name", "main", "data"})


def _starts(argument: ast.expr | None, nodes: list[ast.AST]) -> list[str]:
    """The constant starts of the argument of a loader, as far as the file has them."""
    if not isinstance(argument, ast.Name):
        return [_start(argument)]
    values = [
        node.value
        for node in nodes
        if isinstance(node, ast.Assign)
        and any(isinstance(t, ast.Name) and t.id == argument.id for t in node.targets)
    ]
    parameter = any(isinstance(n, ast.arg) and n.arg == argument.id for n in nodes)
    return [*map(_start, values), *([] if values and not parameter else [""])]


def _below(start: str, path: str, modules: Modules) -> str | None:
    """The directory of a name that starts like this; None if it is not known.

    ``f"package.plugins.{name}"`` may be everything below ``package.plugins``.
    """
    name = start.rpartition(".")[0]
    if start.startswith("."):
        level = len(start) - len(start.lstrip("."))
        directory = parent(path)
        for _ in range(level - 1):
            directory = parent(directory)
        inner = name.lstrip(".").replace(".", "/")
        return "/".join(filter(None, (directory, inner)))
    inits = modules.exact(name, path) if name else []
    packages = [parent(init) for init in inits if init.endswith("/__init__.py")]
    return packages[0] if packages else None


def _outermost(path: str, modules: Modules) -> str:
    """The outermost package that a file is in, else its directory."""
    location = parent(path)
    while parent(location) in modules.files.packages:
        location = parent(location)
    return location


def _start(node: ast.expr | None) -> str:
    """The constant start of a text that is put together."""
    if isinstance(node, ast.JoinedStr) and node.values:
        return _start(node.values[0])
    if isinstance(node, ast.BinOp):
        return _start(node.left)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return ""


def loaders_of(path: str, graph: ImportGraph) -> list[str]:
    """The files that may load or run a file without naming it."""
    reached = {path, *graph.dependents([path])}
    found = [hub for hub, maybe in graph.maybe.items() if not reached.isdisjoint(maybe)]
    for hub, anything in graph.anything.items():
        if any(_may_be_named(name, hub, graph.files) for name in reached & anything):
            found.append(hub)
    package = parent(path) in graph.files.packages
    if not package or path.endswith("__main__.py"):
        found += sorted(graph.programs & graph.tests)
    return found


def _may_be_named(path: str, hub: str, files: Files) -> bool:
    """Whether the name of this file may be the input of a loader.

    That takes its name in a text of another file, or a loader that lists directories
    and names one that the file is in, or is beside it.
    """
    location, _, base = path.rpartition("/")
    stem = base.removesuffix(".py") if base != "__init__.py" else location
    name = re.escape(os.fsencode(stem.rpartition("/")[2]))
    quoted = re.compile(rb"""["'][\w.:/-]*(?<!\w)%s(?!\w)[\w.:/-]*["']""" % name)
    word = re.compile(rb"\b%s\b" % name)
    others = files.names - {path}
    code = (files.read(other) for other in others if other.endswith(".py"))
    texts = (files.read(other) for other in others if other.endswith(_NAMING))
    if any(map(quoted.search, code)) or any(map(word.search, texts)):
        return True
    text = files.read(hub)
    if not any(sign in text for sign in _LISTING):
        return False
    # The directories that the loader is in as well are no evidence.
    above = [
        d for d in (location, *parents(location)) if d and not hub.startswith(f"{d}/")
    ]
    named = [os.fsencode(directory.rpartition("/")[2]) for directory in above]
    return parent(hub) == location or any(
        b'"%s"' % part in text or b"'%s'" % part in text for part in named
    )
