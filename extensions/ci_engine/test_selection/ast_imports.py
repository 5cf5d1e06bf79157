"""Read the imports of Python files with Python's own parser."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from functools import lru_cache

from ci_engine.test_selection.module_names import Modules

__all__ = ["imports_in", "imports_of", "parse"]

# Several rules look into the same files; trees of all of them would fill the memory.
_MOST_TREES = 200
# What a block of statements may stand in without being a statement.
_PARTS = (ast.excepthandler, ast.match_case)
_BLOCKS = (ast.stmt, *_PARTS)


@lru_cache(maxsize=_MOST_TREES)
def parse(text: bytes) -> ast.Module | None:
    """Parse a file; None if it is not one of this Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def imports_of(path: str, modules: Modules, text: bytes) -> set[str] | None:
    """The files that a file imports, None if it cannot be parsed."""
    tree = parse(text)
    if tree is None:
        return None
    return imports_in(tree, path, modules)


def imports_in(tree: ast.Module, path: str, modules: Modules) -> set[str]:
    """The files that some statements of a file import."""
    return {found for node in _imports(tree) for found in _resolve(node, path, modules)}


def _imports(tree: ast.Module) -> Iterator[ast.Import | ast.ImportFrom]:
    """Every import; expressions hold none, so they are passed over."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node
            continue
        todo += [n for n in ast.iter_child_nodes(node) if isinstance(n, _BLOCKS)]


def _resolve(
    node: ast.Import | ast.ImportFrom, path: str, modules: Modules
) -> Iterator[str]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield from modules.resolve(alias.name, path)
        return
    module = "." * node.level + (node.module or "")
    for alias in node.names:
        yield from modules.member(module, alias.name, path)
