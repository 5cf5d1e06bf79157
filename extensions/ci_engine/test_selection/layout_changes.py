"""Whether a Python file is the same program as before, in another layout.

Comments, blank lines and the way a statement is broken into lines mean nothing to who
runs a file. They mean something to who reads it, or asks for the number of a line.
"""

from __future__ import annotations

import ast
import re

from ci_engine.test_selection.ast_imports import parse
from ci_engine.test_selection.import_graph import ImportGraph
from ci_engine.test_selection.repository_files import parent

__all__ = ["is_program", "is_same_program", "tests_that_look"]

# What may be left of a file that was only laid out anew: a cheap look before parsing.
_COMMENT = re.compile(rb"#[^\r\n]*")
_LAYOUT = b" \t\r\n\f,()\"'#"
# A text that is longer is not worth its parsing.
_LONGEST = 400_000
_LOOKING = (
    *(b"getsource", b"getcomments", b"getblock", b"findsource", b"linecache"),
    *(b"tokenize", b"lineno", b"open(__file__", b"__file__).open", b"__file__).read"),
)
# A number of a line in a text that a test expects.
_NUMBERS = (re.compile(rb"line \d"), re.compile(rb"\.py:\d"))


def is_same_program(before: bytes, after: bytes) -> bool:
    """Whether two texts of a module are the same program, and started the same way."""
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
    """Whether a file is there to be run; what lies with tests or apart may be data."""
    if path in graph.tests:
        return True
    with_tests = path in graph.area and not path.endswith("conftest.py")
    known = path in graph.covered or parent(path) in graph.files.packages
    return known and not with_tests


def tests_that_look(graph: ImportGraph) -> frozenset[str]:
    """The tests with code behind them that may ask for the text of a program."""
    files = graph.files
    looking = [name for name in files.python if _looks_at_texts(files.read(name))]
    return graph.tests.intersection([*looking, *graph.dependents(looking)])


def _looks_at_texts(text: bytes) -> bool:
    """Whether code may ask for the text of a program, or for the number of a line."""
    if any(sign in text for sign in _LOOKING):
        return True
    return any(pattern.search(text) for pattern in _NUMBERS)


def _start(text: bytes) -> bytes:
    """The line that says which program runs a file."""
    return text.partition(b"\n")[0].strip() if text.startswith(b"#!") else b""


def _without_layout(text: bytes) -> bytes:
    whole = _COMMENT.sub(b"", text).replace(b"\\\r\n", b"").replace(b"\\\n", b"")
    # Other backslashes stay: of two ways to write a text one may be worth a warning.
    return whole.translate(None, _LAYOUT)
