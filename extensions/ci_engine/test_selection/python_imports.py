"""Read the imports of Python files, with Python's own parser or by patterns.

Patterns are fast, and read files that are not Python, such as Cython.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from ci_engine.project.python_sources import parse_python
from ci_engine.test_selection.module_names import Modules

# Several rules examine the same files; keeping all syntax trees would need much memory.
_MOST_TREES = 200
# Nodes that contain blocks of statements without being statements.
_PARTS = (ast.excepthandler, ast.match_case)
_BLOCKS = (ast.stmt, *_PARTS)

# Also for Cython, and anywhere in a line. A pattern that starts with a word is
# searched ten times as fast as one that starts with a condition.
_FROM = re.compile(
    rb"from[ \t]+([.\w]+)[ \t]+c?import\b[ \t]*(\([^)]*\)|(?:\\\r?\n|[^\n#;])*)"
)
_IMPORT = re.compile(rb"import[ \t]+([\w., \t]+)")
_NAME = re.compile(rb"[(\s]*([A-Za-z_*][A-Za-z0-9_]*)")
_COMMENT = re.compile(rb"#[^\n]*")

parse = lru_cache(maxsize=_MOST_TREES)(parse_python)


def imports_of(path: str, modules: Modules, text: bytes) -> tuple[set[str], bool]:
    """The files that a file probably imports, and whether it could be parsed."""
    tree = parse(text)
    if tree is None:
        return guessed_imports(path, modules, text), False
    return imports_in(tree, path, modules), True


def imports_in(tree: ast.Module, path: str, modules: Modules) -> set[str]:
    """The files that some statements of a file import."""
    return {
        found for node in _statements(tree) for found in _resolve(node, path, modules)
    }


def _statements(tree: ast.Module) -> Iterator[ast.Import | ast.ImportFrom]:
    """Every import; expressions contain none, so they are skipped."""
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


def guessed_imports(path: str, modules: Modules, text: bytes) -> set[str]:
    """The files that a file probably imports, whatever else it contains."""
    found: set[str] = set()
    for statement, _ in _statements_in(text):
        for module, name in _named_in(statement):
            found.update(modules.member(module, name, path))
    return found


def doubtful_imports(
    path: str, modules: Modules, text: bytes, known: Collection[str]
) -> set[str]:
    """The same, but only for names that ruff may resolve differently.

    Text that does not start a line may be an example: Python's parser decides, unless
    it is in a multi-line string.
    """
    found: set[str] = set()
    unsure: set[str] = set()
    for statement, start in _statements_in(text):
        for module, name in modules.doubtful_in(statement, _named_in):
            if not start or text[start - 1 : start] == b"\n":
                found.update(modules.member(module, name, path))
            elif not _is_in_text(start, text):
                unsure.update(modules.member(module, name, path))
    unsure.difference_update(found, known)
    if unsure:
        found |= unsure & imports_of(path, modules, text)[0]
    return found


def _is_in_text(start: int, text: bytes) -> bool:
    """Whether a position is in a multi-line string, judged by counting quotes."""
    return b"'''" not in text and text.count(b'"""', 0, start) % 2 == 1


def _statements_in(text: bytes) -> Iterator[tuple[bytes, int]]:
    """The possible import statements, and their positions."""
    for pattern in (_FROM, _IMPORT):
        for match in pattern.finditer(text):
            yield match.group(), match.start()


def _named_in(statement: bytes) -> Iterator[tuple[str, str]]:
    """The imports of a statement: a module, and the imported name."""
    match = _FROM.match(statement)
    if match is None:
        for name in statement.removeprefix(b"import").split(b","):
            for word in name.split()[:1]:
                yield word.decode("utf-8", "replace"), ""
        return
    module = match.group(1).decode("utf-8", "replace")
    names = _COMMENT.sub(b"", match.group(2)).replace(b"\\", b" ")
    for name in names.split(b","):
        first = _NAME.match(name)
        if first is not None:
            yield module, first.group(1).decode()
