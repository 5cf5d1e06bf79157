"""Modules that code names in texts, in code that loads by name.

A text that is exactly a module, ``"shop.urls"``, or one of its attributes,
``"shop.mail.Backend"`` and ``"shop.app:create"``, counts as a dependency on it,
whatever loads it. So do the entry points that the repository declares, for code that
queries their group.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
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
_QUOTED = rb"[\"'](%s(?:\.[A-Za-z_]\w*)*)(:[A-Za-z_][\w.]*)?[\"']"
# With more names than this, one combined pattern is slower than single searches.
_MOST_NAMES = 40
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

    def of(self, path: str, text: bytes) -> set[str]:
        """The files that a file names, or may load by an entry point."""
        found: set[str] = set()
        if self._anything_loads:
            found |= self._named(path, text)
        if self.points:
            found |= self._by_entry_point(path, text)
        found.discard(path)
        return found

    @cached_property
    def _anything_loads(self) -> bool:
        texts = (self.files.read(name) for name in self.files.python)
        return any(map(loads_by_name, texts))

    @cached_property
    def _tops(self) -> list[bytes]:
        return [os.fsencode(name) for name in sorted(self.modules.tops_with_modules)]

    @cached_property
    def _texts(self) -> re.Pattern[bytes]:
        few = 0 < len(self._tops) <= _MOST_NAMES
        names = b"|".join(map(re.escape, self._tops)) if few else rb"[A-Za-z_]\w*"
        return re.compile(_QUOTED % (b"(?:%s)" % names))

    def _named(self, path: str, text: bytes) -> set[str]:
        if b"." not in text or not self._tops:
            return set()
        if len(self._tops) <= _MOST_NAMES and not any(t in text for t in self._tops):
            return set()
        found: set[str] = set()
        plain = _LOGGER.sub(b"", text) if b"getLogger" in text else text
        for name, attribute in set(self._texts.findall(plain)):
            if b"." in name or attribute:
                found.update(self._resolved(name.decode(), path))
        return found

    def _resolved(self, name: str, path: str) -> list[str]:
        """The module of a name, else the module whose attribute is the last part."""
        whole = self.modules.exact(name, path)
        return whole or self.modules.exact(name.rpartition(".")[0], path)

    def _by_entry_point(self, path: str, text: bytes) -> set[str]:
        """The entry points of the groups that a file queries.

        A file that queries a group it does not name may query any. Files that use a
        program with plugins as entry points load these with it.
        """
        asking = _ENTRY_POINTS.search(text) is not None
        named = [point for point in self.points if os.fsencode(point.group) in text]
        wanted = (named or self.points) if asking else []
        if not asking:
            wanted = [p for p in self.points if self._uses_owner(p.group, text)]
        found: set[str] = set()
        for point in wanted:
            found.update(self.modules.exact(point.module, path))
        return found

    def _uses_owner(self, group: str, text: bytes) -> bool:
        """Whether a file imports the program whose plugins are in a group."""
        owner = os.fsencode(re.split(r"[.:_-]", group)[0])
        if owner not in text or owner in self._tops or owner == b"pytest11":
            return False
        pattern = rb"\b(?:import|from)[ \t]+%s\b" % re.escape(owner)
        return re.search(pattern, text) is not None
