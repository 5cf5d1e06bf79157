"""The beginnings of names that code computes, such as ``f"plugins.{name}"``."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from itertools import takewhile


def starts_of(argument: ast.expr | None, nodes: list[ast.AST]) -> list[str]:
    """The constant prefixes of a loader's argument, if the file contains them."""
    texts = _constants(nodes)
    if not isinstance(argument, ast.Name):
        return [_start(argument, texts)]
    values = [
        node.value
        for node in nodes
        if isinstance(node, ast.Assign)
        and any(isinstance(t, ast.Name) and t.id == argument.id for t in node.targets)
    ]
    parameter = any(isinstance(n, ast.arg) and n.arg == argument.id for n in nodes)
    starts = [_start(value, texts) for value in values]
    return [*starts, *([] if values and not parameter else [""])]


def _constants(nodes: list[ast.AST]) -> dict[str, str]:
    """The texts of a file that have a name."""
    return {
        target.id: node.value.value
        for node in nodes
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _start(node: ast.expr | None, texts: Mapping[str, str]) -> str:
    """The constant prefix of a computed text, which may have a name."""
    if isinstance(node, ast.JoinedStr):
        parts = [
            p.value if isinstance(p, ast.FormattedValue) else p for p in node.values
        ]
        return "".join(takewhile(bool, (_start(part, texts) for part in parts)))
    if isinstance(node, ast.BinOp):
        left = _start(node.left, texts)
        named = left and isinstance(node.left, ast.Name)
        return left + _start(node.right, texts) if named else left
    if isinstance(node, ast.Name):
        return texts.get(node.id, "")
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return ""
