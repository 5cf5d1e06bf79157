"""Extract the code of notebooks to files that Python scanners can read."""

from __future__ import annotations

import ast
import json
import shutil
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from msgspec.structs import replace

from ci_engine.configuration.reading import Table
from ci_engine.configuration.tables import dig, items, one_or_several
from ci_engine.findings.results import Finding, name_some
from ci_engine.project.output_files import prepare_directory, write_text
from ci_engine.project.repository import Project

_MAGIC = ("%", "!", "?")
_OTHER_LANGUAGE = "%%"
_MOST_NAMED = 5


@dataclass(frozen=True)
class NotebookCode:
    """The code of one notebook.

    Attributes:
        text: all cells, one after the other.
        lines: for each line of the text, its line in the notebook.
        unread: the number of cells that do not contain Python.
    """

    text: str
    lines: tuple[int, ...]
    unread: int


@dataclass
class Notebooks:
    """The code of several notebooks.

    Attributes:
        code: each notebook and its code, by the extracted file.
        unread: files that are not valid notebooks, with the reason.
    """

    code: dict[str, tuple[str, NotebookCode]] = field(
        default_factory=dict[str, tuple[str, NotebookCode]]
    )
    unread: dict[str, str] = field(default_factory=dict[str, str])

    def original(self, name: str) -> str:
        """The notebook that a file was extracted from, else the file itself."""
        return self.code[name][0] if name in self.code else name

    def relocate(self, finding: Finding) -> Finding:
        """Move a finding in an extracted file to its line in the notebook."""
        if finding.path not in self.code:
            return finding
        name, code = self.code[finding.path]
        inside = 0 < finding.line <= len(code.lines)
        line = code.lines[finding.line - 1] if inside else 0
        return replace(finding, path=name, line=line, column=0)

    def notes(self) -> list[str]:
        """Name the notebooks with cells that were not read."""
        found = [(name, code.unread) for name, code in self.code.values()]
        partly = [f"{name} ({number})" for name, number in found if number]
        if not partly:
            return []
        listed = name_some(partly, _MOST_NAMED)
        return [f"cells of notebooks without Python were not read: {listed}"]


@contextmanager
def extracted(project: Project, names: Sequence[str]) -> Generator[Notebooks]:
    """Extract the code of notebooks to files that are removed at the end."""
    notebooks = Notebooks()
    if not names:
        yield notebooks
        return
    location = project.output / "scan-notebooks"
    prepare_directory(location, project.output)
    directory = Path(tempfile.mkdtemp(dir=location))
    try:
        for number, name in enumerate(names):
            try:
                code = read_notebook(project.root / name)
            except (OSError, ValueError) as error:
                notebooks.unread[name] = f"not a notebook: {error}"
                continue
            file = directory / f"{number}.py"
            write_text(file, code.text)
            notebooks.code[project.relative(file)] = (name, code)
        yield notebooks
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def read_notebook(path: Path) -> NotebookCode:
    """Read the code cells of a notebook.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if it is not a valid notebook.
    """
    raw = path.read_text(encoding="utf-8-sig")
    try:
        document = msgspec.json.decode(raw, type=dict[str, object])
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    rows: list[str] = []
    lines: list[int] = []
    unread = position = 0
    for cell in _cells(document):
        code: list[str] = []
        places: list[int] = []
        for line in _source(cell):
            found, position = _find(raw, line, position)
            code.append("" if line.lstrip().startswith(_MAGIC) else line)
            places.append(found)
        if not _is_python(code, _source(cell)):
            unread += 1
            continue
        rows += code
        lines += places
    return NotebookCode("\n".join(rows) + "\n", tuple(lines), unread)


def _cells(document: Table) -> list[object]:
    """The code cells; notebooks of version 3 have them in worksheets."""
    sheets = [document, *items(document, "worksheets")]
    cells = [cell for sheet in sheets for cell in items(sheet, "cells")]
    return [cell for cell in cells if dig(cell, "cell_type") == "code"]


def _source(cell: object) -> list[str]:
    key = "source" if dig(cell, "source") is not None else "input"
    text = "".join(str(part) for part in one_or_several(dig(cell, key) or ""))
    return text.splitlines()


def _find(raw: str, line: str, position: int) -> tuple[int, int]:
    """The line number in the notebook of a line of code."""
    for plain in (False, True):
        quoted = json.dumps(line, ensure_ascii=plain)[1:-1]
        found = raw.find(quoted, position)
        if found >= 0:
            return raw.count("\n", 0, found) + 1, found + len(quoted)
    return raw.count("\n", 0, position) + 1, position


def _is_python(code: list[str], source: list[str]) -> bool:
    if any(line.startswith(_OTHER_LANGUAGE) for line in source[:1]):
        return False
    try:
        ast.parse("\n".join(code))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
