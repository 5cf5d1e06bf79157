"""Read imports with regular expressions: quick, and for files that are not Python."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from ci_engine.test_selection.ast_imports import imports_of
from ci_engine.test_selection.module_names import Modules

__all__ = ["doubtful_imports", "guessed_imports"]

# Also of Cython, and wherever in a line they stand. A pattern that starts with a word
# is searched ten times as fast as one that starts with a condition.
_FROM = re.compile(
    rb"from[ \t]+([.\w]+)[ \t]+c?import\b[ \t]*(\([^)]*\)|(?:\\\r?\n|[^\n#;])*)"
)
_IMPORT = re.compile(rb"import[ \t]+([\w., \t]+)")
_NAME = re.compile(rb"[(\s]*([A-Za-z_*][A-Za-z0-9_]*)")
_COMMENT = re.compile(rb"#[^\n]*")


def guessed_imports(path: str, modules: Modules, text: bytes) -> set[str]:
    """The files that a file seems to import, whatever else it holds."""
    found: set[str] = set()
    for module, name, _ in _imports(text):
        found.update(modules.member(module, name, path))
    return found


def doubtful_imports(
    path: str, modules: Modules, text: bytes, known: Collection[str]
) -> set[str]:
    """The same, but only for names that ruff may resolve differently.

    What does not start a line may be in an example: Python's parser decides.
    """
    found: set[str] = set()
    unsure: set[str] = set()
    for module, name, starts_line in _imports(text):
        whole = f"{module}.{name}" if name else module
        if modules.is_doubtful(module) or modules.is_doubtful(whole):
            kept = found if starts_line else unsure
            kept.update(modules.member(module, name, path))
    unsure.difference_update(found, known)
    if unsure:
        read = imports_of(path, modules, text)
        found |= unsure if read is None else unsure & read
    return found


def _imports(text: bytes) -> Iterator[tuple[str, str, bool]]:
    """What is imported: a module, the name taken from it, if it starts a line."""
    for match in _FROM.finditer(text):
        starts = _starts_line(match, text)
        module = match.group(1).decode("utf-8", "replace")
        names = _COMMENT.sub(b"", match.group(2)).replace(b"\\", b" ")
        for name in names.split(b","):
            first = _NAME.match(name)
            if first is not None:
                yield module, first.group(1).decode(), starts
    for match in _IMPORT.finditer(text):
        starts = _starts_line(match, text)
        for name in match.group(1).split(b","):
            for word in name.split()[:1]:
                yield word.decode("utf-8", "replace"), "", starts


def _starts_line(match: re.Match[bytes], text: bytes) -> bool:
    start = match.start()
    return not start or text[start - 1 : start] == b"\n"
