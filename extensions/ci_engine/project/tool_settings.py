"""Find the settings file that a tool reads, and those it ignores."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from ci_engine.project.repository import Project

# For each tool its files by precedence, and the section that makes a file count.
# Empty: the file always counts. Only one file is read: nothing is merged.
_FILES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "coverage": (
        (".coveragerc", ""),
        (".coveragerc.toml", ""),
        ("setup.cfg", r"coverage:\w+"),
        ("tox.ini", r"coverage:\w+"),
        ("pyproject.toml", r"tool\.coverage(\.\w+)?"),
    ),
    "mypy": (
        ("mypy.ini", ""),
        (".mypy.ini", ""),
        ("pyproject.toml", r"tool\.mypy"),
        ("setup.cfg", "mypy"),
    ),
    "pyright": (("pyrightconfig.json", ""), ("pyproject.toml", r"tool\.pyright")),
    "pyrefly": (("pyrefly.toml", ""), ("pyproject.toml", r"tool\.pyrefly(\.[\w.-]+)?")),
    "pytest": (
        ("pytest.toml", ""),
        (".pytest.toml", ""),
        ("pytest.ini", ""),
        (".pytest.ini", ""),
        ("pyproject.toml", r"tool\.pytest(\.ini_options)?"),
        ("tox.ini", "pytest"),
        ("setup.cfg", "tool:pytest"),
    ),
    "ruff": (
        (".ruff.toml", ""),
        ("ruff.toml", ""),
        ("pyproject.toml", r"tool\.ruff(\.[\w.-]+)?"),
    ),
}
TOOLS = tuple(_FILES)


class ToolSettings(NamedTuple):
    """A file with settings of a tool, and their first line."""

    file: str
    line: int


def settings_files(project: Project, tool: str) -> list[ToolSettings]:
    """The files with settings of a tool: the first is read, the others are ignored."""
    found: list[ToolSettings] = []
    for name, section in _FILES[tool]:
        path = project.root / name
        if not path.is_file():
            continue
        text = path.read_text("utf-8", "replace")
        head = re.search(rf"^\s*\[{section}\]", text, re.MULTILINE) if section else None
        if head is not None or not section:
            line = text.count("\n", 0, head.end()) + 1 if head else 1
            found.append(ToolSettings(name, line))
    return found


def shadowed_note(project: Project, tool: str) -> list[str]:
    """A note about ignored settings of a tool, if there are any."""
    files = [file for file, _ in settings_files(project, tool)]
    names = ", ".join(files[1:])
    if not names:
        return []
    return [f"{tool} reads {files[0]} only: its settings in {names} have no effect"]
