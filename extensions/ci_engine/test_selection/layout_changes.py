"""Recognize changes of comments and layout that do not change a Python program.

Comments, blank lines and line breaks inside a statement matter only to code that reads
the file, or uses line numbers.
"""

from __future__ import annotations

import ast
import re

from ci_engine.test_selection.import_graph import ImportGraph
from ci_engine.test_selection.python_imports import parse
from ci_engine.test_selection.repository_files import parent

# Characters that layout may change: a fast check before parsing.
_COMMENT = re.compile(rb"#[^\r\n]*")
_LAYOUT = b" \t\r\n\f,()\"'#"
# Longer texts are not worth parsing.
_LONGEST = 400_000
_LOOKING = (
    *(b"getsource", b"getcomments", b"getblock", b"findsource", b"linecache"),
    *(b"tokenize", b"lineno", b"open(__file__", b"__file__).open", b"__file__).read"),
)
# A line number in a text that a test expects.
_NUMBER_WORDS = (b"line ", b".py:")
_NUMBERS = (re.compile(rb"line \d"), re.compile(rb"\.py:\d"))


def is_same_program(before: bytes, after: bytes) -> bool:
    """Whether two texts of a module are the same program, started in the same way."""
    if max(len(before), len(after)) > _LONGEST or _start(before) != _start(after):
        return False
    if _without_layout(before) != _without_layout(after):
        return False
    first, second = parse(before), parse(after)
    if first is None or second is None:
        return False
    try:
        return ast.dump(first) == ast.dump(second)
    except RecursionError:
        return False


def is_program(path: str, graph: ImportGraph) -> bool:
    """Whether a file is meant to be run; beside tests it may be data."""
    if path in graph.tests:
        return True
    with_tests = path in graph.area and not path.endswith("conftest.py")
    known = path in graph.covered or parent(path) in graph.files.packages
    return known and not with_tests


def tests_reading_sources(graph: ImportGraph) -> frozenset[str]:
    """The tests that may read sources, directly or through the code they use."""
    files = graph.files
    likely = files.containing(*_LOOKING, *_NUMBER_WORDS)
    readers = [name for name in likely if _reads_sources(files.read(name))]
    return graph.tests.intersection([*readers, *graph.dependents(readers)])


def _reads_sources(text: bytes) -> bool:
    """Whether code may read the source of a program, or use line numbers."""
    if any(sign in text for sign in _LOOKING):
        return True
    return any(pattern.search(text) for pattern in _NUMBERS)


def _start(text: bytes) -> bytes:
    """The line that names the interpreter of a file (``#!``)."""
    return text.partition(b"\n")[0].strip() if text.startswith(b"#!") else b""


def _without_layout(text: bytes) -> bytes:
    whole = _COMMENT.sub(b"", text).replace(b"\\\r\n", b"").replace(b"\\\n", b"")
    # Keep other backslashes: of two spellings of a text, one may cause a warning.
    return whole.translate(None, _LAYOUT)
