"""What a module loads by names in texts: plugins, lazy modules, commands."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ci_engine.affected.files import parent
from ci_engine.affected.modules import Modules
from ci_engine.affected.read_ast import parse

__all__ = ["Loads", "loads_of"]

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
_WALKERS = frozenset({"iter_modules", "walk_packages"})


@dataclass(frozen=True)
class Loads:
    """What one file loads.

    Attributes:
        sure: the files that it loads.
        maybe: the files that it may load, depending on what it is told.
    """

    sure: frozenset[str] = frozenset()
    maybe: frozenset[str] = frozenset()


def loads_of(path: str, modules: Modules, text: bytes) -> Loads:
    """Find what a file loads by names in texts."""
    tree = parse(text) if any(sign in text for sign in _SIGNS) else None
    if tree is None:
        return Loads()
    nodes = list(ast.walk(tree))
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    names = {_name(call.func) for call in calls}
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
    for call in calls:
        if _name(call.func) in _WALKERS:
            maybe.update(modules.below(parent(path)))
        elif _name(call.func) in _LOADERS:
            found, known = _argument(call, path, modules)
            (sure if known else maybe).update(found)
            maybe.update(frozenset() if known else named)
    return Loads(frozenset(sure - {path}), frozenset(maybe - sure - {path}))


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


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


def _argument(call: ast.Call, path: str, modules: Modules) -> tuple[list[str], bool]:
    """What a loader is given, and whether that is a constant.

    ``f"package.plugins.{name}"`` may be everything below ``package.plugins``, and a
    name that is not known at all everything in the package of the loader.
    """
    argument = call.args[0] if call.args else None
    if isinstance(argument, ast.Constant):
        value = argument.value
        if not isinstance(value, str):
            return [], True
        return _named(value, path, modules, beside=False), True
    start = _start(argument)
    name = start.rpartition(".")[0]
    if start.startswith("."):
        level = len(start) - len(start.lstrip("."))
        directory = parent(path)
        for _ in range(level - 1):
            directory = parent(directory)
        inner = name.lstrip(".").replace(".", "/")
        return modules.below("/".join(filter(None, (directory, inner)))), False
    inits = modules.exact(name, path) if name else []
    packages = [parent(init) for init in inits if init.endswith("/__init__.py")]
    if not packages:
        packages = [_outermost(path, modules)]
    return [found for place in packages for found in modules.below(place)], False


def _outermost(path: str, modules: Modules) -> str:
    """The outermost package that a file is in, else its directory."""
    place = parent(path)
    while parent(place) in modules.files.packages:
        place = parent(place)
    return place


def _start(node: ast.expr | None) -> str:
    """The constant start of a text that is put together."""
    if isinstance(node, ast.JoinedStr) and node.values:
        return _start(node.values[0])
    if isinstance(node, ast.BinOp):
        return _start(node.left)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return ""
