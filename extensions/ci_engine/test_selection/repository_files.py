"""The files of a repository by name, each read at most once."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ci_engine.project.repository import Project
from ci_engine.test_selection.word_index import WordIndex

# Sources of compiled modules.
NATIVE = (".pyx", ".pxd", ".c", ".h", ".cc", ".cpp", ".hpp", ".cu", ".rs", ".f90")

# Longer files were not written by hand, and are not searched.
_LONGEST = 5_000_000


@dataclass(frozen=True)
class Files:
    """The files of a repository.

    Attributes:
        root: the root of the repository.
        names: every file, relative to it and with ``/``.
        linked: the links among them, and those to directories or to nothing.
    """

    root: Path
    names: frozenset[str]
    linked: frozenset[str] = frozenset()
    _texts: dict[str, bytes] = field(default_factory=dict[str, bytes])
    _containing: dict[tuple[bytes, ...], frozenset[str]] = field(
        default_factory=dict[tuple[bytes, ...], frozenset[str]]
    )
    _having: dict[tuple[re.Pattern[bytes], frozenset[str]], frozenset[str]] = field(
        default_factory=dict[tuple[re.Pattern[bytes], frozenset[str]], frozenset[str]]
    )

    @classmethod
    def of(cls, project: Project, without: Iterable[str] = ()) -> Files:
        """The files of a project, without those of some directories."""
        left_out = tuple(f"{name}/" for name in without)
        names = (n for n in project.file_names if not n.startswith(left_out))
        return cls(project.root, frozenset(names), project.links)

    @cached_property
    def python(self) -> list[str]:
        """The Python files, sorted by name."""
        return sorted(name for name in self.names if name.endswith(".py"))

    @cached_property
    def native(self) -> list[str]:
        """The Cython files, which are modules and import others."""
        return sorted(name for name in self.names if name.endswith((".pyx", ".pxd")))

    @cached_property
    def directories(self) -> frozenset[str]:
        """Every directory with a file; the root has an empty name."""
        found = {parent(name) for name in self.names}
        return frozenset(found.union(*(parents(name) for name in found)))

    @cached_property
    def packages(self) -> frozenset[str]:
        """The directories with an ``__init__.py``."""
        inits = (name for name in self.names if name.endswith("__init__.py"))
        return frozenset(parent(n) for n in inits if n.endswith("/__init__.py"))

    @cached_property
    def with_code(self) -> frozenset[str]:
        """The top-level directories with anything that is run or compiled."""
        code = (".py", ".pyi", ".ipynb", *NATIVE)
        return frozenset(n.partition("/")[0] for n in self.names if n.endswith(code))

    @cached_property
    def links(self) -> dict[str, str]:
        """The target of each link, relative to the root."""
        top = f"{os.path.realpath(self.root)}{os.sep}"
        return {
            name: os.path.realpath(self.root / name)
            .removeprefix(top)
            .replace(os.sep, "/")
            for name in sorted(self.linked)
        }

    def links_to(self, name: str) -> list[str]:
        """The paths of a file below links to directories around it."""
        return sorted(
            f"{link}{name.removeprefix(target)}"
            for link, target in self.links.items()
            if name.startswith(f"{target}/")
        )

    def read(self, name: str) -> bytes:
        """The content of a file, empty if it cannot be read or is too long."""
        if name not in self._texts:
            self._texts[name] = _read(f"{self.root}{os.sep}{name}")
        return self._texts[name]

    @cached_property
    def index(self) -> WordIndex:
        """The words of all Python files."""
        return WordIndex(self.python, self.read)

    def containing(self, *signs: bytes) -> frozenset[str]:
        """The Python files that contain one of some texts."""
        if signs not in self._containing:
            found = map(self.index.containing, signs)
            self._containing[signs] = frozenset[str]().union(*found)
        return self._containing[signs]

    def having(
        self,
        pattern: re.Pattern[bytes],
        among: frozenset[str],
        words: tuple[bytes, ...] = (),
    ) -> frozenset[str]:
        """The Python files with text that matches a pattern, which is searched once.

        A match contains one of the words, if there are any; they are found much faster.
        """
        asked = (pattern, among)
        if asked not in self._having:
            likely = among & self.containing(*words) if words else among
            found = (name for name in likely if pattern.search(self.read(name)))
            self._having[asked] = frozenset(found)
        return self._having[asked]

    def outside_of_packages(self, directory: str) -> str:
        """The nearest directory, from here upwards, that is not a package."""
        while directory in self.packages:
            directory = parent(directory)
        return directory


def _read(path: str) -> bytes:
    try:
        # Several times as fast as a buffered stream of Path.
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123
            size = os.fstat(file.fileno()).st_size
            return b"" if size > _LONGEST else file.read()
    except OSError:
        return b""


def parent(name: str) -> str:
    """The directory that contains a file or directory; the root is the empty name."""
    return name.rpartition("/")[0]


def parents(name: str) -> list[str]:
    """Every directory above a file or directory, the nearest first."""
    found: list[str] = []
    while name:
        name = parent(name)
        found.append(name)
    return found


def is_below(name: str, directories: Collection[str]) -> bool:
    """Whether a file is one of these paths or below one; empty means the root."""
    if "" in directories or name in directories:
        return True
    return any(location in directories for location in parents(name))
