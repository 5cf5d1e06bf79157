"""Modules and files that tests name in texts.

Evidence: dotted names (patches), ``-m name`` and commands of the project in tests that
start programs, names of scripts, listed directories.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ci_engine.test_selection.entry_points import EntryPoint
from ci_engine.test_selection.module_names import Modules
from ci_engine.test_selection.python_imports import guessed_imports
from ci_engine.test_selection.repository_files import Files, parent

_PROGRAMS = (
    *(b"subprocess", b"runpy", b"Popen", b"sys.executable", b"pytester", b"testdir"),
    *(b"os.system", b"pexpect", b"import_module", b"script_runner", b"check_output"),
    b"multiprocessing",
)
_LISTINGS = (b"glob", b"iterdir", b"listdir", b"scandir", b"os.walk")
_QUOTED = re.compile(rb"""["']([\w.-]+)["']""")
# ``python -m name`` in a longer text, which a helper may run.
_MODULE_OPTION = re.compile(rb"(?<![\w-])-m[ =]+([A-Za-z_][\w.]*)")
_WORDS = re.compile(rb"[\w.-]+")
_SKIPPING = re.compile(rb"importorskip\(\s*[\"']([\w.]+)[\"']")
_SCRIPT = re.compile(rb"[\w-]+\.py\b")


def starts_programs(text: bytes) -> bool:
    """Whether a test may run code in another process or under another name."""
    return any(sign in text for sign in _PROGRAMS)


def starting_programs(files: Files) -> frozenset[str]:
    """The files that may run code in another process or under another name."""
    return files.containing(*_PROGRAMS)


def script_modules(
    points: Iterable[EntryPoint], modules: Modules
) -> dict[str, list[str]]:
    """The files that the project's own commands start, by command."""
    return {
        point.name: modules.resolve(point.module, "")
        for point in points
        if not point.group and point.module
    }


@dataclass(frozen=True)
class Mentions:
    """Finds the files that the text of a test names.

    Attributes:
        commands: the project's own commands with their modules.
        tests: the files with tests: naming one of them is not evidence.
    """

    modules: Modules
    commands: Mapping[str, list[str]]
    tests: frozenset[str]
    # Many tests name the same modules.
    _known: dict[bytes, str] = field(default_factory=dict[bytes, str])

    def of(self, path: str, text: bytes) -> set[str]:
        """The files that the text names; more if it may run programs."""
        files = self.modules.files
        found = self._dotted(path, text) | self._scripts(path, text)
        skipping = path in files.containing(b"importorskip")
        for raw in _SKIPPING.findall(text) if skipping else ():
            found.update(self.modules.resolve(raw.decode("utf-8", "replace"), path))
        option = b"-m" in text and _MODULE_OPTION.search(text)
        if option or (path in starting_programs(files) and starts_programs(text)):
            found |= self._programs(path, text)
        found.discard(path)
        return found

    def _dotted(self, path: str, text: bytes) -> set[str]:
        found: set[str] = set()
        patterns = self._dotted_names.get(path, ())
        for raw in {raw for pattern in patterns for raw in pattern.findall(text)}:
            name = self._module_of(raw)
            found.update(self.modules.exact(name, path) if name else ())
        return found

    def _module_of(self, raw: bytes) -> str:
        """The module that a dotted name starts with, empty if there is none."""
        if raw not in self._known:
            name = raw.decode()
            while "." in name and not self.modules.exact(name, ""):
                name = name.rpartition(".")[0]
            self._known[raw] = name if "." in name else ""
        return self._known[raw]

    @cached_property
    def _dotted_names(self) -> dict[str, list[re.Pattern[bytes]]]:
        """For each file, the patterns of names that start with a top-level name in it.

        Searching for single names is much faster than searching for alternatives.
        """
        found: dict[str, list[re.Pattern[bytes]]] = {}
        for top in map(os.fsencode, self.modules.tops_with_modules):
            pattern = re.compile(re.escape(top) + rb"(?:\.[A-Za-z_]\w*)+")
            for path in self.modules.files.index.likely(top + b"."):
                found.setdefault(path, []).append(pattern)
        return found

    @cached_property
    def _tops(self) -> frozenset[bytes]:
        return frozenset(map(os.fsencode, self.modules.top_names))

    def _programs(self, path: str, text: bytes) -> set[str]:
        """The targets of ``-m name``, ``-c "import name"`` and project commands."""
        found: set[str] = set()
        for raw in set(_QUOTED.findall(text)):
            name = raw.decode("utf-8", "replace")
            if raw.partition(b".")[0] in self._tops:
                found.update(self.modules.exact(name, path))
                found.update(self.modules.exact(f"{name}.__main__", path))
        for raw in set(_MODULE_OPTION.findall(text)):
            name = raw.decode("utf-8", "replace")
            for module in (name, f"{name}.__main__"):
                found.update(self.modules.exact(module, path))
        found |= guessed_imports(path, self.modules, text)
        words = set(_WORDS.findall(text)) if self.commands else set[bytes]()
        for command, files in self.commands.items():
            if command.encode() in words:
                found.update(files)
        return found

    def _scripts(self, path: str, text: bytes) -> set[str]:
        """Scripts that are named by their file or listed by their directory."""
        files = self.modules.files
        found: set[str] = set()
        naming = path in files.containing(b".py")
        lines = [row for row in text.split(b"\n") if b".py" in row] if naming else []
        for raw in set(_SCRIPT.findall(b"\n".join(lines))):
            found.update(self._by_base.get(raw.decode("utf-8", "replace"), ()))
        listing = path in files.containing(*_LISTINGS)
        if listing and any(sign in text for sign in _LISTINGS):
            for raw in set(_QUOTED.findall(text)):
                found.update(self._by_directory.get(raw.decode("utf-8", "replace"), ()))
        return found

    @cached_property
    def _loose(self) -> list[str]:
        """The files that are neither modules of a package nor tests."""
        packages = self.modules.files.packages
        return [
            path
            for path in self.modules.known
            if parent(path) not in packages and path not in self.tests
        ]

    @cached_property
    def _by_base(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in self._loose:
            found.setdefault(path.rpartition("/")[2], []).append(path)
        found.pop("conftest.py", None)
        return found

    @cached_property
    def _by_directory(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in self._loose:
            for part in path.split("/")[:-1]:
                found.setdefault(part, []).append(path)
        return found
