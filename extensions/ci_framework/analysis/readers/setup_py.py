"""Read the arguments of ``setup`` in a setup.py, without executing it."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import cast


@dataclass(frozen=True)
class SetupCall:
    """The arguments of the call.

    Attributes:
        line: the line of the call, 0 if there is none.
        values: arguments that are literals, or names of literals.
        lines: the line of each argument, including computed ones.
        finds: arguments of ``find_packages`` by name; None if it is not called.
        extensions: whether extension modules are passed.
    """

    line: int = 0
    values: dict[str, object] = field(default_factory=dict[str, object])
    lines: dict[str, int] = field(default_factory=dict[str, int])
    finds: dict[str, object] | None = None
    extensions: bool = False

    def text(self, name: str) -> str:
        """An argument that is text, empty if it is not."""
        value = self.values.get(name)
        return value if isinstance(value, str) else ""


def read_setup_call(tree: ast.Module | None) -> SetupCall:
    """Find the call of ``setup`` and its arguments."""
    if tree is None:
        return SetupCall()
    names = _literals(tree)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    call = next((node for node in calls if _called(node) == "setup"), None)
    if call is None:
        return SetupCall()
    values: dict[str, object] = {}
    lines: dict[str, int] = {}
    finds: dict[str, object] | None = None
    for argument in _arguments(call, tree):
        if argument.arg is None:
            continue
        lines[argument.arg] = argument.value.lineno
        found = _find_packages(argument.value, names)
        if argument.arg == "packages" and found is not None:
            finds = found
        value = _value(argument.value, names)
        if value is not None:
            values[argument.arg] = value
    extensions = bool({"ext_modules", "rust_extensions", "cffi_modules"} & set(lines))
    return SetupCall(call.lineno, values, lines, finds, extensions)


def _arguments(call: ast.Call, tree: ast.Module) -> list[ast.keyword]:
    """The keywords of the call; ``**options`` is resolved in the module."""
    found: list[ast.keyword] = []
    for keyword in call.keywords:
        if keyword.arg is not None:
            found.append(keyword)
        elif isinstance(keyword.value, ast.Name):
            found += _spread(keyword.value.id, tree)
    return found


def _spread(name: str, tree: ast.Module) -> list[ast.keyword]:
    """The entries of a dictionary that is unpacked into the call."""
    found: list[ast.keyword] = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            if isinstance(target, ast.Name) and target.id == name:
                found += _entries(node.value)
    return found


def _entries(node: ast.expr) -> list[ast.keyword]:
    if isinstance(node, ast.Call) and _called(node) == "dict":
        return [keyword for keyword in node.keywords if keyword.arg]
    if isinstance(node, ast.Dict):
        return [
            ast.keyword(arg=key.value, value=value)
            for key, value in zip(node.keys, node.values, strict=True)
            if isinstance(key, ast.Constant) and isinstance(key.value, str)
        ]
    return []


def _called(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _literals(tree: ast.Module) -> dict[str, object]:
    """Names of the module that are assigned a literal, or filled key by key."""
    found: dict[str, object] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target = node.targets[0]
            value = _value(node.value, found)
            if isinstance(target, ast.Name) and value is not None:
                found[target.id] = value
            elif isinstance(target, ast.Subscript) and value is not None:
                holder, key = _value(target.value, found), _value(target.slice, found)
                if isinstance(holder, dict) and isinstance(key, str):
                    holder[key] = value
    return found


def _find_packages(
    node: ast.expr, names: dict[str, object]
) -> dict[str, object] | None:
    called = _called(node) if isinstance(node, ast.Call) else ""
    if not isinstance(node, ast.Call) or not called.startswith("find_"):
        return None
    arguments = {
        keyword.arg: _value(keyword.value, names)
        for keyword in node.keywords
        if keyword.arg
    }
    if node.args:
        arguments.setdefault("where", _value(node.args[0], names))
    return arguments


def _value(node: ast.expr, names: dict[str, object]) -> object:
    """A literal, or a value built from known names; None if computed otherwise."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    try:
        if isinstance(node, ast.List | ast.Tuple):
            return _items(node, names)
        if isinstance(node, ast.Dict):
            return _table(node, names)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return _sum(_value(node.left, names), _value(node.right, names))
        if isinstance(node, ast.Subscript):
            holder, key = _value(node.value, names), _value(node.slice, names)
            if isinstance(holder, dict):
                return cast("dict[object, object]", holder).get(key)
            return None
        value: object = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
    return value


def _items(node: ast.List | ast.Tuple, names: dict[str, object]) -> object:
    """A list with its unpacked parts; None if one part is unknown."""
    found: list[object] = []
    for item in node.elts:
        inner = item.value if isinstance(item, ast.Starred) else item
        value = _value(inner, names)
        if value is None and not isinstance(inner, ast.Constant):
            return None
        if not isinstance(item, ast.Starred):
            found.append(value)
        elif isinstance(value, list):
            found += cast("list[object]", value)
    return found


def _table(node: ast.Dict, names: dict[str, object]) -> object:
    """A dictionary, without computed entries."""
    found: dict[object, object] = {}
    for key, item in zip(node.keys, node.values, strict=True):
        value = _value(item, names)
        if key is None and isinstance(value, dict):
            found.update(cast("dict[object, object]", value))
        elif key is not None and value is not None:
            name = _value(key, names)
            if isinstance(name, str):
                found[name] = value
    return found


def _sum(left: object, right: object) -> object:
    """The concatenation of two lists or two texts."""
    if isinstance(left, list) and isinstance(right, list):
        return [*cast("list[object]", left), *cast("list[object]", right)]
    if isinstance(left, str) and isinstance(right, str):
        return left + right
    return None
