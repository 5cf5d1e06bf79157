"""Modules that code names in texts, in code that loads by name.

A text that is exactly a module, ``"shop.urls"``, or one of its attributes,
``"shop.mail.Backend"`` and ``"shop.app:create"``, counts as a dependency on it,
whatever loads it. So do the entry points that the repository declares, for code that
queries their group.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from functools import cached_property

from ci_engine.test_selection.entry_points import EntryPoint
from ci_engine.test_selection.module_names import Modules

# Code that loads by name, directly or through a library.
_LOADING = re.compile(
    rb"import_module|__import__\(|resolve_name|pydoc\.locate|entry_points|find_spec"
    rb"|import_(?:string|object|from_string|name|class|attr|path|dotted)|from_object"
    rb"|load_(?:object|class|entry_point|backend|module|plugin)|run_module|runpy"
    rb"|dictConfig|fileConfig|symbol_by_name|ImportString|instantiate\(|autodiscover"
    rb"|\bdjango\b|\bcelery\b|\bstevedore\b|\bpluggy\b|pytest_plugins"
    rb"|get_(?:class|backend|callable)\("
)
# Parts of every match, which are found twenty times as fast.
_LOADING_WORDS = (
    *(b"import_", b"load_object", b"load_class", b"load_entry_point", b"load_backend"),
    *(b"load_module", b"load_plugin", b"get_class(", b"get_backend(", b"get_callable("),
    *(b"resolve_name", b"by_name", b"from_object", b"pydoc.locate", b"entry_points"),
    *(b"find_spec", b"run_module", b"runpy", b"dictConfig", b"fileConfig"),
    *(b"ImportString", b"instantiate(", b"autodiscover", b"django", b"celery"),
    *(b"stevedore", b"pluggy", b"pytest_plugins"),
)
_ENTRY_POINTS = re.compile(
    rb"entry_?points?\b|get_entry_(?:map|info)|entrypoints|stevedore|\bpluginlib\b"
)
_ENTRY_POINT_WORDS = (
    *(b"entry_point", b"entrypoint", b"get_entry_", b"stevedore", b"pluginlib"),
)
_ATTRIBUTES = rb"(?:\.[A-Za-z_]\w*)*)(:[A-Za-z_][\w.]*)?[\"']"
_ANY_QUOTED = re.compile(rb"[\"']([A-Za-z_]\w*" + _ATTRIBUTES)
# A pattern that starts with a name is searched several times as fast.
_QUOTED = rb"(%s(?<=[\"']%s)" + _ATTRIBUTES
# With more names than this, one pattern for all texts is faster.
_MOST_NAMES = 40
# A name that a loader may put after the name of a package.
_LABEL = re.compile(rb"[\"']([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)[\"']")
# Loggers are named like modules, and load nothing.
_LOGGER = re.compile(rb"getLogger\(\s*[\"'][\w.]+[\"']")


def loads_by_name(text: bytes) -> bool:
    """Whether code loads by name."""
    words = any(word in text for word in _LOADING_WORDS)
    return words and _LOADING.search(text) is not None


class NamedModules:
    """Finds the modules that texts in code name."""

    def __init__(self, modules: Modules, points: Iterable[EntryPoint]) -> None:
        self.modules = modules
        self.files = modules.files
        self.points = [point for point in points if point.group and point.module]
        # Many files name the same modules.
        self._by_label: dict[bytes, set[str]] = {}

    def of(self, path: str, text: bytes) -> set[str]:
        """The files that a file names, or may load by an entry point."""
        found: set[str] = set()
        if self._anything_loads:
            found |= self._named(path, text)
            found |= self._labeled(text)
        if self.points:
            found |= self._by_entry_point(path, text)
        found.discard(path)
        return found

    @cached_property
    def _anything_loads(self) -> bool:
        likely = self.files.containing(*_LOADING_WORDS)
        return any(loads_by_name(self.files.read(name)) for name in likely)

    @cached_property
    def _tops(self) -> list[bytes]:
        return [os.fsencode(name) for name in sorted(self.modules.tops_with_modules)]

    @cached_property
    def _texts(self) -> Mapping[str, list[re.Pattern[bytes]]]:
        """For each file, the patterns of texts that may name a module in it."""
        if len(self._tops) > _MOST_NAMES:
            return {path: [_ANY_QUOTED] for path in self.files.python}
        found: dict[str, list[re.Pattern[bytes]]] = {}
        for top in self._tops:
            name = re.escape(top)
            pattern = re.compile(_QUOTED % (name, name))
            for path in self.files.index.likely(top):
                found.setdefault(path, []).append(pattern)
        return found

    @cached_property
    def _querying(self) -> frozenset[str]:
        """The files that query entry points."""
        python = frozenset(self.files.python)
        return self.files.having(_ENTRY_POINTS, python, _ENTRY_POINT_WORDS)

    def _named(self, path: str, text: bytes) -> set[str]:
        found: set[str] = set()
        for name, attribute in self._quoted(path, text):
            if b"." in name or attribute:
                found.update(self._resolved(name.decode(), path))
        return found

    def _quoted(self, path: str, text: bytes) -> set[tuple[bytes, bytes]]:
        """The texts of a file that may name a module, and an attribute of it."""
        patterns = self._texts.get(path, ())
        if not patterns:
            return set()
        logging = path in self.files.containing(b"getLogger")
        plain = _LOGGER.sub(b"", text) if logging else text
        return {text for pattern in patterns for text in pattern.findall(plain)}

    def _labeled(self, text: bytes) -> set[str]:
        """The modules whose names start with a prefix that a loader has in a text."""
        if not self._prefixes or b"." not in text:
            return set()
        found: set[str] = set()
        for label in set(_LABEL.findall(text)):
            if label not in self._by_label:
                names = (f"{prefix}.{label.decode()}" for prefix in self._prefixes)
                self._by_label[label] = {
                    p for name in names for p in self.modules.exact(name, "")
                }
            found |= self._by_label[label]
        return found

    @cached_property
    def _prefixes(self) -> list[str]:
        """The packages that code which loads by name has in a text."""
        found: set[str] = set()
        for path in self.files.containing(*_LOADING_WORDS):
            text = self.files.read(path)
            names = self._quoted(path, text) if loads_by_name(text) else ()
            found |= {raw.decode() for raw, more in names if b"." in raw and not more}
        return sorted(name for name in found if self._is_package(name))

    def _is_package(self, name: str) -> bool:
        modules = self.modules.exact(name, "")
        return any(path.endswith("/__init__.py") for path in modules)

    def _resolved(self, name: str, path: str) -> list[str]:
        """The module of a name, else the module whose attribute is the last part."""
        whole = self.modules.exact(name, path)
        return whole or self.modules.exact(name.rpartition(".")[0], path)

    def _by_entry_point(self, path: str, text: bytes) -> set[str]:
        """The entry points of the groups that a file queries.

        A file that queries a group it does not name may query any. Files that use a
        program with plugins as entry points load these with it.
        """
        asking = path in self._querying
        named = [p for p in self.points if path in self._containing(p.group)]
        wanted = (named or self.points) if asking else []
        if not asking:
            wanted = [p for p in self.points if self._uses_owner(p.group, path, text)]
        found: set[str] = set()
        for point in wanted:
            found.update(self.modules.exact(point.module, path))
        return found

    def _containing(self, group: str) -> frozenset[str]:
        return self.files.containing(os.fsencode(group))

    def _uses_owner(self, group: str, path: str, text: bytes) -> bool:
        """Whether a file imports the program whose plugins are in a group."""
        first = re.split(r"[.:_-]", group)[0]
        owner = os.fsencode(first)
        if owner in self._tops or first == "pytest11":
            return False
        if path not in self._containing(first):
            return False
        pattern = rb"\b(?:import|from)[ \t]+%s\b" % re.escape(owner)
        return re.search(pattern, text) is not None
