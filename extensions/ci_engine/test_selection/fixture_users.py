"""Attribute the dependencies of fixtures to the tests that use them.

Evidence: the names of fixtures in the arguments and texts of tests.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ci_engine.project.python_sources import last_name
from ci_engine.test_selection.module_names import Modules
from ci_engine.test_selection.pytest_plugins import may_be_used, plugins_of
from ci_engine.test_selection.pytest_settings import SETTINGS_FILES, PytestSettings
from ci_engine.test_selection.python_imports import imports_in, parse
from ci_engine.test_selection.repository_files import Files

_Function = ast.FunctionDef | ast.AsyncFunctionDef


class Fixtures:
    """The fixtures of one ``conftest.py`` that run only if requested by name."""

    def __init__(self, path: str, modules: Modules, text: bytes) -> None:
        self._path = path
        self._modules = modules
        tree = parse(text) if b"fixture" in text else None
        body = tree.body if tree else []
        functions = [node for node in body if isinstance(node, _Function)]
        self._waiting = [node for node in functions if _runs_if_named(node)]
        self._rest = [node for node in body if node not in self._waiting]
        self._bodies = {_name_of(node): _body(node, text) for node in self._waiting}
        self._elsewhere = _without(self._waiting, text)

    def imports(self) -> dict[str, frozenset[str]]:
        """The files that only fixtures import, with these fixtures."""
        needs = [(_name_of(node), self._imports([node])) for node in self._waiting]
        return self._alone(needs, self._imports(self._rest), by_stem=True)

    def named(self, names_in: Callable[[bytes], set[str]]) -> dict[str, frozenset[str]]:
        """The files that only fixtures name, with these fixtures."""
        needs = [(name, names_in(body)) for name, body in self._bodies.items()]
        return self._alone(needs, names_in(self._elsewhere), by_stem=False)

    def _imports(self, nodes: Sequence[ast.stmt]) -> set[str]:
        return imports_in(ast.Module([*nodes], []), self._path, self._modules)

    def _alone(
        self, needs: Sequence[tuple[str, set[str]]], now: set[str], *, by_stem: bool
    ) -> dict[str, frozenset[str]]:
        """The files that only fixtures need, with all fixtures that use them."""
        found: dict[str, frozenset[str]] = {}
        for other in set[str]().union(*(others for _, others in needs)) - now:
            names = frozenset(name for name, others in needs if other in others)
            users = _with_users(names, self._bodies)
            stem = {_stem(other)} if by_stem else set[str]()
            if not _uses(self._elsewhere, users | stem):
                found[other] = users
        return found


@dataclass(frozen=True)
class FixtureUsers:
    """Finds the files that use fixtures."""

    files: Files
    area: list[str]
    pytest: PytestSettings

    def of(self, path: str, names: frozenset[str]) -> list[str] | None:
        """The files that use some fixtures of a file; None if any file may."""
        settings = [self.files.read(name) for name in SETTINGS_FILES]
        if any(_uses(text, names) for text in settings):
            return None
        asking = self._asking(self.area, path, names)
        return asking if asking or self._are_unused(path, names) else None

    def _asking(self, among: list[str], path: str, names: frozenset[str]) -> list[str]:
        index = self.files.index
        users = frozenset[str]().union(*(index.with_word(n.encode()) for n in names))
        return [name for name in among if name in users and name != path]

    def _are_unused(self, path: str, names: frozenset[str]) -> bool:
        """Whether fixtures that no test names are not used elsewhere either."""
        if self._by_any_name or may_be_used(names, self._plugins):
            return False
        return not self._asking(self.files.python, path, names)

    @cached_property
    def _plugins(self) -> frozenset[str]:
        return plugins_of(self.files)

    @cached_property
    def _by_any_name(self) -> bool:
        """Whether tests may use fixtures by names that are not in Python files."""
        naming = self.files.containing(b"getfixture", b"fixturenames")
        computed = not naming.isdisjoint(self.area)
        return computed or self.pytest.doctests or self.pytest.has_text_tests


def _uses(text: bytes, names: frozenset[str]) -> bool:
    """Whether a text contains one of some names."""
    return any(_has_word(name, text) for name in names)


def _runs_if_named(node: _Function) -> bool:
    """Whether a function is a fixture that runs only if requested by name."""
    if node.name.startswith("pytest_") or len(node.decorator_list) != 1:
        return False
    decorator = node.decorator_list[0]
    call = decorator if isinstance(decorator, ast.Call) else None
    location = call.func if call else decorator
    options = {keyword.arg for keyword in call.keywords} if call else set[str]()
    named = {k.arg: k.value for k in call.keywords} if call else {}
    if not isinstance(named.get("name", ast.Constant("")), ast.Constant):
        return False
    return last_name(location) == "fixture" and options <= {
        "name",
        "scope",
        "params",
        "ids",
        "loop_scope",
    }


def _name_of(node: _Function) -> str:
    """The name by which tests request a fixture."""
    for decorator in node.decorator_list:
        for keyword in decorator.keywords if isinstance(decorator, ast.Call) else []:
            value = keyword.value
            if keyword.arg == "name" and isinstance(value, ast.Constant):
                return str(value.value)
    return node.name


def _with_users(names: frozenset[str], bodies: Mapping[str, bytes]) -> frozenset[str]:
    """Some fixtures and those that use them, directly or indirectly."""
    more = {name for name, body in bodies.items() if _uses(body, names)}
    return names if more <= names else _with_users(names | more, bodies)


def _body(node: _Function, text: bytes) -> bytes:
    """The source of a function from its arguments on."""
    lines = text.splitlines()[node.lineno - 1 : node.end_lineno]
    return b"\n".join(lines).partition(b"(")[2]


def _without(nodes: list[_Function], text: bytes) -> bytes:
    lines = text.splitlines()
    for node in nodes:
        # The decorators may name it.
        first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
        last = node.end_lineno or node.lineno
        lines[first - 1 : last] = [b""] * (last - first + 1)
    return b"\n".join(lines)


def _stem(path: str) -> str:
    stem = path.removesuffix("/__init__.py").rpartition("/")[2]
    return stem.rpartition(".")[0] if "." in stem else stem


def _has_word(name: str, text: bytes) -> bool:
    word = name.encode()
    # Most texts do not contain it at all, and this check is much faster.
    return word in text and re.search(rb"\b%s\b" % re.escape(word), text) is not None
