"""Measure parsed Python code: length, branches, and names that nothing uses."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

__all__ = [
    "Source",
    "branches_of",
    "dead_names",
    "functions_of",
    "lines_of",
    "words_of_text",
]

Function = ast.FunctionDef | ast.AsyncFunctionDef
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_WORD = re.compile(r"\w+")
_PRIVATE = re.compile(r"_[^\W_]\w*")


@dataclass(frozen=True)
class Source:
    """One parsed file.

    Attributes:
        path: relative to the repository.
        text: its text.
        tree: its syntax tree.
    """

    path: str
    text: str
    tree: ast.Module


def words_of_text(text: str) -> set[str]:
    """Every word of a text that may be a private name."""
    return {word for word in _WORD.findall(text) if word.startswith("_")}


def functions_of(node: ast.AST, prefix: str = "") -> Iterator[tuple[str, Function]]:
    """Every function with its full name, those inside of others included."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield prefix + child.name, child
        inner = prefix
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            inner = f"{prefix}{child.name}."
        yield from functions_of(child, inner)


def lines_of(function: Function) -> int:
    """Lines of a function without its decorators and its docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is not None and len(function.body) > 1:
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def branches_of(function: Function) -> int:
    """Decision points as flake8 and ruff (C901) count them.

    Functions inside of this one are functions of their own.
    """
    waiting: list[ast.AST] = list(function.body)
    branches = 0
    while waiting:
        node = waiting.pop()
        if isinstance(node, _SCOPES):
            continue
        branches += _branches(node)
        waiting.extend(ast.iter_child_nodes(node))
    return branches


def _branches(node: ast.AST) -> int:
    if isinstance(node, (ast.If, ast.ExceptHandler)):
        return 1
    if isinstance(node, _LOOPS):
        return 1 + bool(node.orelse)
    if isinstance(node, ast.Try):
        return int(bool(node.orelse))
    if isinstance(node, ast.Match):
        last = node.cases[-1]
        catch_all = (
            isinstance(last.pattern, ast.MatchAs)
            and last.pattern.pattern is None
            and last.guard is None
        )
        return len(node.cases) - catch_all
    return 0


def dead_names(
    sources: Sequence[Source], others: Sequence[Source], mentioned: Iterable[str]
) -> Iterator[tuple[str, str, int]]:
    """Private names of modules that nothing uses: path, name and line.

    A name is used where its own module reads it outside of its own definition, or
    where another file imports it, reads it as an attribute or has it in a string.

    Args:
        sources: the files whose names are judged.
        others: files that may use them, such as tests.
        mentioned: words of files that could not be parsed.
    """
    used: dict[str, set[str]] = {}
    for source in (*sources, *others):
        for name in _names_from_outside(source.tree):
            used.setdefault(name, set()).add(source.path)
    anywhere = set(mentioned)
    for source in sources:
        for name, statement in _private_definitions(source.tree.body):
            elsewhere = used.get(name, set()) - {source.path}
            if name in anywhere or elsewhere:
                continue
            if not _is_read(source.tree, name, statement):
                yield source.path, name, statement.lineno


def _private_definitions(
    body: Iterable[ast.stmt],
) -> Iterator[tuple[str, ast.stmt]]:
    """Private names that a module defines, also in its conditions."""
    for statement in body:
        if isinstance(statement, (ast.If, ast.Try)):
            parts = (statement.body, statement.orelse)
            yield from _private_definitions([s for part in parts for s in part])
        elif isinstance(
            statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        ):
            # A decorator may have registered it somewhere.
            if not statement.decorator_list and _PRIVATE.fullmatch(statement.name):
                yield statement.name, statement
        elif isinstance(statement, (ast.Assign, ast.AnnAssign)):
            for target in _targets(statement):
                if isinstance(target, ast.Name) and _PRIVATE.fullmatch(target.id):
                    yield target.id, statement


def _targets(statement: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    if isinstance(statement, ast.Assign):
        return statement.targets
    return [statement.target]


def _names_from_outside(tree: ast.Module) -> Iterator[str]:
    """Private names that a file may take from another one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from words_of_text(node.value)


def _is_read(tree: ast.Module, name: str, definition: ast.stmt) -> bool:
    """Whether a module reads a name outside of the statement that defines it."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if node is definition:
            continue
        if _reads(node, name):
            return True
        waiting.extend(ast.iter_child_nodes(node))
    return False


def _reads(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.Name):
        return node.id == name and not isinstance(node.ctx, ast.Store)
    if isinstance(node, ast.Attribute):
        return node.attr == name
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return name in words_of_text(node.value)
    return False
