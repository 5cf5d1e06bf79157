"""Find files that may load or run another one without naming it.

Evidence: another file contains the name of the file in a text, which may be the input
of a loader, or a loader lists directories.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cached_property

from ci_engine.test_selection.dynamic_imports import lists_directories
from ci_engine.test_selection.import_graph import ImportGraph
from ci_engine.test_selection.repository_files import Files, parent, parents

# With more files, guessing their loaders is not useful.
MOST_GUESSED = 20
# Files that may contain the names for a loader.
_NAMING = (".toml", ".cfg", ".ini", ".json", ".yml", ".yaml", ".txt")
_QUOTED = re.compile(rb"""["']([\w.:/-]+)(?=["'])""")
_WORD = re.compile(rb"\w+")


class PossibleLoaders:
    """Finds possible loaders of a file; the names in all texts are read once."""

    def __init__(self, graph: ImportGraph) -> None:
        self.graph = graph
        self.files = graph.files

    def of(self, path: str) -> list[str]:
        """The files that may load or run a file without naming it."""
        graph = self.graph
        reached = {path, *graph.dependents([path])}
        found = [
            hub for hub, maybe in graph.maybe.items() if not reached.isdisjoint(maybe)
        ]
        for hub, anything in graph.anything.items():
            if any(self._may_be_named(name, hub) for name in reached & anything):
                found.append(hub)
        package = parent(path) in self.files.packages
        if not package or path.endswith("__main__.py"):
            found += sorted(graph.programs & graph.tests)
        return found

    def _may_be_named(self, path: str, hub: str) -> bool:
        """Whether the name of this file may be the input of a loader.

        This requires its name in a text of another file, or a loader that lists
        directories and names one above the file, or is beside it.
        """
        location, _, base = path.rpartition("/")
        stem = base.removesuffix(".py") if base != "__init__.py" else location
        words = _WORD.findall(os.fsencode(stem.rpartition("/")[2]))
        if all(self._named.get(word, set()) - {path} for word in words):
            return True
        text = self.files.read(hub)
        if not lists_directories(text):
            return False
        # Directories that also contain the loader are not evidence.
        above = [
            d
            for d in (location, *parents(location))
            if d and not hub.startswith(f"{d}/")
        ]
        named = [os.fsencode(directory.rpartition("/")[2]) for directory in above]
        return parent(hub) == location or any(
            b'"%s"' % part in text or b"'%s'" % part in text for part in named
        )

    @cached_property
    def _named(self) -> dict[bytes, set[str]]:
        """The words in texts of code and settings, with their files."""
        found: dict[bytes, set[str]] = {}
        for path in self.files.names:
            for word in _words_of(path, self.files):
                found.setdefault(word, set()).add(path)
        return found


def _words_of(path: str, files: Files) -> Iterator[bytes]:
    if path.endswith(".py"):
        quoted = b" ".join(set(_QUOTED.findall(files.read(path))))
        yield from set(_WORD.findall(quoted))
    elif path.endswith(_NAMING):
        yield from set(_WORD.findall(files.read(path)))
