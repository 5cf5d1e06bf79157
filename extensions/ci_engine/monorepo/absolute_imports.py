"""Read the imports of Python files, without running them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from ci_engine.project.python_sources import last_name, parse_python

_LARGEST = 5_000_000
# Much faster than a parser, with more matches; callers parse what it finds.
_MENTION = re.compile(
    rb"^[ \t]*(?:from[ \t]+([\w.]+)|import[ \t]+([\w., \t\\]+))", re.MULTILINE
)


class Import(msgspec.Struct, frozen=True):
    """One import of a file.

    Attributes:
        module: the module of the statement, ``a.b`` for ``from a.b import c``.
        names: the imported names; empty for ``import a.b``.
        guarded: whether the file works without it, or needs it only for types.
    """

    module: str
    names: tuple[str, ...]
    line: int
    guarded: bool

    @property
    def candidates(self) -> list[str]:
        """The modules that this may import, the longest names first."""
        return [*(f"{self.module}.{name}" for name in self.names), self.module]


def mentioned(data: bytes) -> set[str]:
    """The modules that may be imported; some of them may not be.

    For a statement that imports from a module, only the module is returned.
    """
    found: set[str] = set()
    for match in _MENTION.finditer(data):
        one, several = match.groups()
        for name in (one,) if one else several.split(b","):
            module = name.strip(b" \t\\").partition(b" ")[0]
            if module and not module.startswith(b"."):
                found.add(module.decode("utf-8", "replace"))
    return found


def read_imports(path: Path) -> list[Import] | None:
    """The absolute imports of a file; None if it cannot be parsed."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    tree = parse_python(data) if len(data) <= _LARGEST else None
    return None if tree is None else list(_imports(tree))


def _imports(tree: ast.Module) -> Iterator[Import]:
    waiting: list[tuple[ast.AST, bool]] = [(tree, False)]
    while waiting:
        node, guarded = waiting.pop()
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, (), node.lineno, guarded)
        elif isinstance(node, ast.ImportFrom):
            if not node.level and node.module:
                names = tuple(a.name for a in node.names if a.name != "*")
                yield Import(node.module, names, node.lineno, guarded)
        elif not isinstance(node, ast.expr):
            waiting += _below(node, guarded)


def _below(node: ast.AST, guarded: bool) -> list[tuple[ast.AST, bool]]:
    """The nested statements, each with whether it is guarded."""
    first: list[ast.AST] = []
    if isinstance(node, ast.Try):
        if any(_of_import(handler.type) for handler in node.handlers):
            # A replacement for a missing module may also be missing.
            first = [*node.body, *node.handlers]
    elif isinstance(node, ast.If):
        first = [*node.body] if last_name(node.test) == "TYPE_CHECKING" else []
    elif isinstance(node, (ast.With, ast.AsyncWith)):
        words = {word for item in node.items for word in _words(item)}
        first = [*node.body] if "suppress" in words and words & _IMPORT_ERRORS else []
    return [(child, guarded or child in first) for child in ast.iter_child_nodes(node)]


_IMPORT_ERRORS = frozenset(
    {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
)


def _words(item: ast.withitem) -> Iterator[str]:
    for node in ast.walk(item):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr


def _of_import(kind: ast.expr | None) -> bool:
    """Whether an ``except`` catches a missing module."""
    if kind is None:
        return True
    return any(
        isinstance(node, ast.Name) and node.id in _IMPORT_ERRORS
        for node in ast.walk(kind)
    )


class ModuleOwners:
    """Finds the packages that a module or an import may belong to.

    Attributes:
        names: for each import name, the packages that provide it.
    """

    def __init__(self, imports: Iterable[tuple[str, str]]) -> None:
        """Store each package with an import name of its code."""
        self.names: dict[str, set[str]] = {}
        for package, name in imports:
            self.names.setdefault(name, set()).add(package)

    def of_module(self, module: str) -> set[str]:
        """The packages that a module may belong to, empty if there are none."""
        while module:
            if module in self.names:
                return self.names[module]
            module = module.rpartition(".")[0]
        return set()

    def of_import(self, found: Import) -> set[str]:
        """The packages that a statement may import."""
        several = [self.of_module(f"{found.module}.{name}") for name in found.names]
        return set[str]().union(*several) or self.of_module(found.module)
