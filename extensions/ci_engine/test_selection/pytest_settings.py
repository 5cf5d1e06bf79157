"""Read the settings of pytest: test locations and loaded files."""

from __future__ import annotations

import configparser
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path

import msgspec

from ci_engine.configuration.reading import read_text, read_toml
from ci_engine.configuration.tables import items, table
from ci_engine.configuration.value_types import Command
from ci_engine.errors import ConfigurationError
from ci_engine.project.repository import Project
from ci_engine.test_selection.repository_files import Files, is_below, parent

_USUAL_FILES = ("test_*.py", "*_test.py")
_TABLES = {
    "pytest.ini": "pytest",
    ".pytest.ini": "pytest",
    "tox.ini": "pytest",
    "setup.cfg": "tool:pytest",
}
# Every file that may contain settings of pytest.
SETTINGS_FILES = ("pyproject.toml", "pytest.toml", ".pytest.toml", *_TABLES)
_PROJECT_FILES = ("/pyproject.toml", "/setup.cfg", "/setup.py", ".ini")
_DOCTESTS = ("--doctest-modules", "--doctest-plus", "--xdoctest")
# Texts that pytest collects by default.
_TEXTS = ("test*.txt",)
# Programs that may run the tests if the project has its own command.
_RUNNERS = (
    *("tox.ini", "tox.toml", "noxfile.py", "Makefile", "justfile", "hatch.toml"),
    *("pyproject.toml", "setup.cfg"),
)
# Programs whose files count only if they run the tests.
_RUN_BY = {"tox.ini": "tox", "noxfile.py": "nox"}
_OPTION = re.compile(
    r"(--(?:xdoctest|doctest|nb|markdown-docs|codeblocks|rst)[\w-]*)"
    r"(?:[=,\s\"']+([^\s\"',=\]]*[*?][^\s\"',\]]*))?"
)
# Options of plugins that collect texts as tests.
_OF_TEXTS: Mapping[str, tuple[str, ...]] = {
    "--nbval": ("*.ipynb",),
    "--nbmake": ("*.ipynb",),
    "--markdown-docs": ("*.md",),
    "--codeblocks": ("*.md", "*.rst"),
    "--doctest-rst": ("*.rst",),
    "--doctest-plus": ("*.rst",),
    "--rst": ("*.rst",),
}


class PytestSettings(msgspec.Struct, frozen=True):
    """The relevant settings of pytest, from all of its files together.

    Attributes:
        python_files: patterns for the names of test files.
        plugins: modules that every test loads: ``-p``, and the project's own plugins.
        doctests: whether every module may contain tests.
        text_tests: patterns for texts that are tests, such as ``*.rst``.
        nowhere_else: whether these are certainly the only locations of tests.
        runners: the files of the programs that run the tests.
    """

    test_paths: tuple[str, ...] = ()
    python_files: tuple[str, ...] = _USUAL_FILES
    python_path: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()
    doctests: bool = False
    text_tests: tuple[str, ...] = ()
    nowhere_else: bool = False
    runners: tuple[str, ...] = ()

    @property
    def has_text_tests(self) -> bool:
        """Whether texts are tests although their names do not show it."""
        return not set(self.text_tests) <= set(_TEXTS)

    def is_test_file(self, name: str) -> bool:
        """Whether pytest collects a Python file because of its name."""
        base = name.rpartition("/")[2]
        return any(
            fnmatch(name if "/" in pattern else base, pattern)
            for pattern in self.python_files
        )


def read_pytest_settings(
    project: Project, own_plugins: Iterable[str] = (), command: Command = ""
) -> PytestSettings:
    """Read the settings of pytest; if several files have some, all of them count.

    Too many test files and plugins never make a test run too rarely.

    Args:
        project: the project.
        own_plugins: the modules that it declares as pytest plugins.
        command: its own command for the tests, which may contain pytest options.
    """
    options = [option for option in _options(project) if option is not None]
    configured = [_all([option], "testpaths") for option in options]
    words = [word for option in options for word in _words(option.get("addopts"))]
    words += _words(command)
    words += _words_of_runners(project.root) if command else []
    # The usual names count as well: too many tests are better than too few.
    python_files = [*_USUAL_FILES, *_all(options, "python_files")]
    return PytestSettings(
        test_paths=_locations(_all(options, "testpaths")),
        python_files=tuple(dict.fromkeys(python_files)),
        python_path=_locations(_all(options, "pythonpath")),
        plugins=(*_after(words, "-p"), *own_plugins),
        doctests=any(word.startswith(_DOCTESTS) for word in words),
        # A command may name other locations.
        nowhere_else=bool(configured)
        and all(map(_are_plain, configured))
        and not command,
        text_tests=(*_TEXTS, *_after(words, "--doctest-glob"), *_by_option(words)),
        runners=tuple(f for f, run in _RUN_BY.items() if run in str(command)),
    )


def _words_of_runners(root: Path) -> Iterator[str]:
    """Options that collect texts as tests, in the files of the test runners."""
    for name in _RUNNERS:
        try:
            text = read_text(root / name)
        except ConfigurationError:
            continue
        for option, value in _OPTION.findall(text):
            yield from (option, value) if value else (option,)


def _are_plain(paths: list[str]) -> bool:
    return bool(paths) and not any(set(path) & set("*?[") for path in paths)


def _options(project: Project) -> Iterator[Mapping[str, object] | None]:
    """The tables of every file; None if pytest does not use a file."""
    native = project.tool("pytest")
    yield {**native, **table(native, "ini_options")} or None
    for name in ("pytest.toml", ".pytest.toml"):
        if (project.root / name).is_file():
            try:
                yield table(read_toml(project.root / name), "pytest")
            except ConfigurationError:
                yield {}
    for name, section in _TABLES.items():
        own = name.endswith("pytest.ini") and (project.root / name).is_file()
        yield _section(project.root / name, section) or ({} if own else None)


def _section(path: Path, section: str) -> Mapping[str, object]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(read_text(path))
    except (ConfigurationError, configparser.Error):
        return {}
    return dict(parser[section]) if parser.has_section(section) else {}


def _words(value: object) -> list[str]:
    if not isinstance(value, str):
        return list(map(str, items(value)))
    try:
        return shlex.split(value, comments=True)
    except ValueError:
        return value.split()


def _all(options: list[Mapping[str, object]], name: str) -> list[str]:
    return [word for option in options for word in _words(option.get(name))]


def _locations(words: list[str]) -> tuple[str, ...]:
    """Directories from the root, which has an empty name."""
    plain = (word.replace("\\", "/").removeprefix("./").strip("/") for word in words)
    return tuple("" if word == "." else word for word in plain)


def _after(words: list[str], option: str) -> tuple[str, ...]:
    """The values of an option, in any of its spellings."""
    found: list[str] = []
    for position, word in enumerate(words):
        if word == option:
            found += words[position + 1 : position + 2]
        elif word.startswith(f"{option}="):
            found.append(word.partition("=")[2])
        elif len(option) == 2 and word.startswith(option):  # noqa: PLR2004 - "-p"
            found.append(word[2:])
    return tuple(value for value in found if not value.startswith("no:"))


def _by_option(words: list[str]) -> Iterator[str]:
    for option, patterns in _OF_TEXTS.items():
        if any(word.startswith(option) for word in words):
            yield from patterns


def find_tests(
    files: Files, pytest: PytestSettings, test_paths: frozenset[str]
) -> tuple[frozenset[str], list[str]]:
    """Find the tests by their names and the settings of pytest.

    Returns:
        The files in which pytest looks for tests; these, and files that belong to them.
    """
    collected = _collected(files, pytest, test_paths)
    tests = frozenset(
        name
        for name in files.python
        if (pytest.doctests or pytest.is_test_file(name)) and is_below(name, collected)
    )
    inside = test_paths - {""}
    area = [
        name
        for name in files.python
        if name in tests or name.endswith("conftest.py") or is_below(name, inside)
    ]
    return tests, area


def _collected(
    files: Files, pytest: PytestSettings, test_paths: frozenset[str]
) -> frozenset[str]:
    """The directories that pytest collects from, the root if it may be any."""
    known = files.directories | files.names
    if not pytest.nowhere_else or known.isdisjoint(pytest.test_paths):
        return frozenset({""})
    # Nested projects have their own tests.
    projects = {parent(n) for n in files.names if n.endswith(_PROJECT_FILES)} - {""}
    return test_paths | projects
