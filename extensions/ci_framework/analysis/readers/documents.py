"""Read the files of a repository, each once; errors never cause a traceback."""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Callable
from typing import cast

import msgspec

from ci_engine.configuration.reading import Table
from ci_engine.configuration.tables import dig, texts
from ci_engine.configuration.yaml_limits import yaml_problem
from ci_framework.analysis.readers.ini import Ini, IniError, parse_ini
from ci_framework.analysis.readers.toml_lines import Keys, toml_lines
from ci_framework.analysis.readers.yaml_nodes import EMPTY, Node, NodeError, read_page
from ci_framework.inventory import Evidence, Unreadable
from ci_framework.repository import Repository

# No configuration is larger; larger files are generated.
LARGEST = 5_000_000
_LINE = re.compile(r"line (\d+)")


def strict_toml_problem(text: str) -> str:
    """Why a TOML 1.0 parser refuses a text, empty if it does not."""
    try:
        msgspec.toml.decode(text, type=Table)
    except (msgspec.DecodeError, RecursionError) as error:
        return " ".join(str(error).split())
    return ""


def text(document: object, *keys: str) -> str:
    """The text at a path of keys, stripped; empty if there is none."""
    value = dig(document, *keys)
    return value.strip() if isinstance(value, str) else ""


def strings(document: object, *keys: str) -> list[str]:
    """The texts in the list at a path of keys; a single text becomes a list."""
    value = dig(document, *keys)
    return [value] if isinstance(value, str) else texts(value)


def words(value: object) -> list[str]:
    """The words in a list, or in a text separated by space, comma or line."""
    if isinstance(value, str):
        return value.replace(",", " ").split()
    return strings(value)


def _decode_yaml(text: str) -> object:
    if problem := yaml_problem(text, keys_once=False):
        raise ValueError(problem)
    return msgspec.yaml.decode(text)


class Documents:
    """The files of a repository, parsed on demand.

    Attributes:
        unreadable: the problems of unreadable files, by path.
    """

    def __init__(self, repository: Repository) -> None:
        """Start without reading anything."""
        self._repository = repository
        self._texts: dict[str, str] = {}
        self._tomls: dict[str, Table] = {}
        self._inis: dict[str, Ini] = {}
        self._lines: dict[str, dict[Keys, int]] = {}
        self.unreadable: dict[str, Unreadable] = {}

    def has(self, path: str) -> bool:
        """Whether an ordinary file with that name is tracked."""
        entry = self._repository.tracked.get(path)
        return entry is not None and entry.is_file

    def text(self, path: str) -> str:
        """The text of a tracked file; empty if there is none or it is not UTF-8."""
        if path not in self._texts:
            self._texts[path] = self._read(path) if self.has(path) else ""
        return self._texts[path]

    def _read(self, path: str) -> str:
        location = self._repository.root / path
        try:
            size = 0 if location.is_symlink() else location.stat().st_size
        except OSError:
            size = 0
        if size > LARGEST:
            self.refuse(path, f"larger than {LARGEST // 1_000_000} MB")
            return ""
        raw = self._repository.read(path) or b""
        try:
            return raw.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            self.refuse(path, f"not UTF-8 (byte {error.start})")
            return ""

    def refuse(self, path: str, reason: str, line: int = 0) -> None:
        """Record that a file is ignored, and why."""
        clean = " ".join(reason.split())
        self.unreadable.setdefault(path, Unreadable(path=path, line=line, reason=clean))

    def toml(self, path: str) -> Table:
        """A TOML file, empty if there is none or it does not parse."""
        if path not in self._tomls:
            self._tomls[path] = self._parse_toml(path, self.text(path))
        return self._tomls[path]

    def _parse_toml(self, path: str, text: str) -> Table:
        problem = strict_toml_problem(text)
        if not problem:
            return msgspec.toml.decode(text, type=Table)
        import tomlkit  # noqa: PLC0415 - takes long, and TOML 1.1 is rare

        try:
            return cast("Table", tomlkit.parse(text).unwrap())
        except Exception:
            self._refuse_syntax(path, "TOML", problem)
            return {}

    def ini(self, path: str) -> Ini:
        """An ini file, empty if there is none or it does not parse."""
        if path not in self._inis:
            try:
                self._inis[path] = parse_ini(self.text(path))
            except IniError as error:
                self.refuse(path, f"not valid INI: {error}", error.line)
                self._inis[path] = Ini()
        return self._inis[path]

    def json(self, path: str) -> object:
        """A JSON file, None if there is none or it does not parse."""
        return (
            self._parsed(path, "JSON", json.loads) if self.text(path).strip() else None
        )

    def yaml(self, path: str) -> object:
        """A YAML file of one document, None if it does not parse."""
        return self._parsed(path, "YAML", _decode_yaml)

    def _parsed(self, path: str, kind: str, parse: Callable[[str], object]) -> object:
        try:
            return parse(self.text(path))
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            self._refuse_syntax(path, kind, str(error))
            return None

    def _refuse_syntax(self, path: str, kind: str, problem: str) -> None:
        line = _LINE.search(problem)
        number = int(line.group(1)) if line else 0
        self.refuse(path, f"not valid {kind}: {problem}", number)

    def nodes(self, path: str) -> Node:
        """The first document of a YAML file as nodes, empty if it does not parse."""
        try:
            page = read_page(self.text(path))
        except NodeError:
            return EMPTY
        return page.documents[0] if page.documents else EMPTY

    def python(self, path: str) -> ast.Module | None:
        """The syntax tree of a Python file, None if it does not parse."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(self.text(path))
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            line = getattr(error, "lineno", 0) or 0
            self.refuse(path, f"not valid Python: {error}", line)
            return None

    def location(self, path: str, *keys: str) -> Evidence:
        """The location of a key in a TOML file, or of the nearest table around it."""
        if path not in self._lines:
            self._lines[path] = toml_lines(self.text(path))
        lines = self._lines[path]
        length = len(keys)
        while length and keys[:length] not in lines:
            length -= 1
        return Evidence(path=path, line=lines.get(keys[:length], 0))

    def line_of(self, path: str, snippet: str, start: int = 1) -> int:
        """The first line from ``start`` on that contains a text, 0 if none does."""
        rows = self.text(path).split("\n")
        for number, row in enumerate(rows[start - 1 :], start):
            if snippet in row:
                return number
        return 0
