"""Read the imports of Python files by patterns, or from their syntax trees.

Patterns are fast, and read files that are not Python, such as Cython.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache

from ci_engine.project.python_sources import parse_python
from ci_engine.test_selection.module_names import Modules
from ci_engine.test_selection.repository_files import parent

# Several rules examine the same files; keeping all syntax trees would need much memory.
_MOST_TREES = 200
# Nodes that contain blocks of statements without being statements.
_PARTS = (ast.excepthandler, ast.match_case)
_BLOCKS = (ast.stmt, *_PARTS)

# Also for Cython, and anywhere in a line. A pattern that starts with a word is
# searched ten times as fast as one that starts with a condition.
_SPACE = rb"(?:[ \t\f]|\\\r?\n)"
_FROM = re.compile(
    rb"from" + _SPACE + rb"*([.\w\x80-\xff]+|\.[. \t]*[\w\x80-\xff]*)" + _SPACE + rb"*"
    rb"c?import\b" + _SPACE + rb"*(\([^)]*\)|(?:\\\r?\n|[^\n#;])*)"
)
_RELATIVE = re.compile(rb"from[^.\w]*\.")
_IMPORT = re.compile(rb"import" + _SPACE + rb"+((?:[\w.,\x80-\xff]|" + _SPACE + rb")+)")
_NAME = re.compile(rb"[(\s]*([A-Za-z_*\x80-\xff][\w\x80-\xff]*)")
_COMMENT = re.compile(rb"#[^\n]*")
_BLANK = re.compile(rb"[ \t\\\r\n\f]+")
# What may be before an import in its line; a byte order mark may begin the file.
_BEFORE = (b":", b";", b"\xef\xbb\xbf")
# Comments and strings: what is outside of them is code.
_LEXEMES = re.compile(
    rb"#[^\n]*|\"\"\"(?:[^\\\"]|\\.|\"(?!\"\"))*\"\"\"|'''(?:[^\\']|\\.|'(?!''))*'''"
    rb"|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'",
    re.DOTALL,
)
_TRIPLE = (b'"""', b"'''")

parse = lru_cache(maxsize=_MOST_TREES)(parse_python)


def imports_of(path: str, modules: Modules, text: bytes) -> set[str]:
    """The files that a Python file imports; a syntax error hides none of them.

    Parsing takes a hundred times as long. Comments and multi-line strings are left out;
    an import in another text, after a colon, is not.
    """
    found: set[str] = set()
    inside: list[tuple[set[str], int]] = []
    known = modules.files_by_statement.setdefault(parent(path), {})
    quotes = b"'''" in text
    for statement, start in _statements_in(text):
        if statement in modules.foreign:
            continue
        files = known.get(statement)
        if files is None:
            files = known[statement] = _files_of(statement, path, modules)
            if not files and not _RELATIVE.match(statement):
                modules.foreign.add(statement)
        if not files or found.issuperset(files) or not _starts(start, text):
            continue
        # Judged by counting quotes, which takes much less time.
        if quotes or text.count(b'"""', 0, start) % 2:
            inside.append((files, start))
        else:
            found |= files
    if inside:
        strings = _multi_line_strings(text)
        for files, start in inside:
            if not any(first < start < last for first, last in strings):
                found |= files
    found.discard(path)
    return found


def _files_of(statement: bytes, path: str, modules: Modules) -> set[str]:
    """The files that an import statement needs."""
    return {
        file
        for module, name in _named_in(statement)
        for file in modules.member(module, name, path)
    }


def _starts(start: int, text: bytes) -> bool:
    """Whether a statement may start at a position of a text."""
    line = max(text.rfind(b"\n", 0, start), text.rfind(b"\r", 0, start)) + 1
    before = text[line:start].strip()
    if before.startswith((b"#", b">>>", b"...")):
        return False
    return not before or before.endswith(_BEFORE)


def _multi_line_strings(text: bytes) -> list[tuple[int, int]]:
    return [
        match.span()
        for match in _LEXEMES.finditer(text)
        if match.group().startswith(_TRIPLE)
    ]


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
    """The files that any text seems to import, wherever it does."""
    found: set[str] = set()
    for statement, _ in _statements_in(text):
        found |= _files_of(statement, path, modules)
    return found


def _statements_in(text: bytes) -> Iterator[tuple[bytes, int]]:
    """The possible import statements, and their positions."""
    for pattern in (_FROM, _IMPORT):
        for match in pattern.finditer(text):
            statement = match.group()
            if b"#" in statement and b"(" in statement:
                statement = _with_comments(match, text)
            yield statement, match.start()


def _with_comments(match: re.Match[bytes], text: bytes) -> bytes:
    """A statement with names in parentheses whose comments may contain some, too."""
    names: list[bytes] = []
    for line in text[match.start(2) :].splitlines():
        plain, closed, _ = line.partition(b"#")[0].partition(b")")
        names.append(plain)
        if closed:
            break
    return text[match.start() : match.start(2)] + b" ".join(names)


def _named_in(statement: bytes) -> Iterator[tuple[str, str]]:
    """The imports of a statement: a module, and the imported name."""
    match = _FROM.match(statement)
    if match is None:
        plain = _BLANK.sub(b" ", statement.removeprefix(b"import"))
        for name in plain.split(b","):
            for word in name.split()[:1]:
                yield word.decode("utf-8", "replace"), ""
        return
    module = _BLANK.sub(b"", match.group(1)).decode("utf-8", "replace")
    names = _COMMENT.sub(b"", match.group(2)).replace(b"\\", b" ")
    for name in names.split(b","):
        first = _NAME.match(name)
        if first is not None:
            yield module, first.group(1).decode("utf-8", "replace")
