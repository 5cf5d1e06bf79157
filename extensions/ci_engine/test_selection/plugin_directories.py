"""Directories of modules that code loads by their location, as plugins.

Evidence: a file names a directory beside or below itself, and code of the repository
loads modules by their location, or adds directories to the path for that.
"""

from __future__ import annotations

import os
import re
from functools import cached_property

from ci_engine.test_selection.module_names import Modules
from ci_engine.test_selection.repository_files import parent

# Code that loads a module by its location, whatever lists the modules.
_BY_LOCATION = re.compile(
    rb"spec_from_file_location|SourceFileLoader|FileFinder|load_source\(|run_path\("
    rb"|sys\.path\.(?:insert|append|extend)\((?!.*__file__)[^)]*\w|exec\(compile\("
)
_WORDS = (b"from_file_location", b"FileLoader", b"FileFinder", b"load_source")
_MORE_WORDS = (b"run_path(", b"sys.path.", b"exec(compile(")
_QUOTED = re.compile(rb"[\"']\.?/?([\w-]+(?:/[\w-]+)*)/?[\"']")


class PluginDirectories:
    """Finds the modules in directories that files name."""

    def __init__(self, modules: Modules) -> None:
        self.modules = modules
        self.files = modules.files

    def of(self, path: str, text: bytes) -> set[str]:
        """The modules in the directories that a file names, relative to itself."""
        located = path in self.files.containing(b"__file__")
        if not (located and self._anything_loads):
            return set()
        here = parent(path)
        found: set[str] = set()
        for raw in set(_QUOTED.findall(text)):
            location = "/".join(filter(None, (here, os.fsdecode(raw))))
            if location in self._with_modules:
                found.update(self.modules.below(location))
        found.discard(path)
        return found

    @cached_property
    def _anything_loads(self) -> bool:
        python = frozenset(self.files.python)
        return bool(self.files.having(_BY_LOCATION, python, _WORDS + _MORE_WORDS))

    @cached_property
    def _with_modules(self) -> frozenset[str]:
        found = {parent(name) for name in self.files.python}
        return frozenset(found | {parent(location) for location in found}) - {""}
