"""Parse Python files, which are never run."""

from __future__ import annotations

import ast
import warnings


def parse_python(text: bytes | str) -> ast.Module | None:
    """Parse a file; None if this Python cannot parse it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def last_name(node: ast.expr | None) -> str:
    """``c`` of ``a.b.c`` or of ``c``, empty for anything else."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
