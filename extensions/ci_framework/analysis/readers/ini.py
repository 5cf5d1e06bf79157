"""Read ini files (setup.cfg, tox.ini, ...) with the line of every value."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_SECTION = re.compile(r"^\[([^\]]+)\]\s*(?:[#;].*)?$")
_SETTING = re.compile(r"^([^=:\s][^=:]*?)\s*[=:]\s?(.*)$")


class IniError(Exception):
    """A line with invalid syntax.

    Attributes:
        line: its number, from 1.
    """

    def __init__(self, message: str, line: int) -> None:
        """Create the error with its location."""
        super().__init__(message)
        self.line = line


@dataclass
class Setting:
    """One value.

    Attributes:
        value: its text; continuation lines are joined by line breaks.
    """

    value: str
    line: int

    @property
    def rows(self) -> list[str]:
        """Its lines that are neither empty nor comments."""
        stripped = (row.strip() for row in self.value.splitlines())
        return [row for row in stripped if row and not row.startswith(("#", ";"))]


@dataclass
class Ini:
    """A parsed file.

    Attributes:
        sections: settings by section and key; keys in lower case.
        lines: the first line of each section.
    """

    sections: dict[str, dict[str, Setting]] = field(
        default_factory=dict[str, dict[str, Setting]]
    )
    lines: dict[str, int] = field(default_factory=dict[str, int])

    def get(self, section: str, key: str) -> Setting | None:
        """One setting, None if it does not exist."""
        return self.sections.get(section, {}).get(key)

    def text(self, section: str, key: str) -> str:
        """The text of a setting, empty if it does not exist."""
        setting = self.get(section, key)
        return setting.value.strip() if setting else ""

    def rows(self, section: str, key: str) -> list[str]:
        """The lines of a setting, empty if it does not exist."""
        setting = self.get(section, key)
        return setting.rows if setting else []

    def line(self, section: str, key: str = "") -> int:
        """The line of a setting, else of its section, else 0."""
        setting = self.get(section, key)
        return setting.line if setting else self.lines.get(section, 0)


def parse_ini(text: str) -> Ini:
    """Parse the format of configparser and its variants.

    Raises:
        IniError: at the first line that is not a comment, section or setting.
    """
    ini = Ini()
    current: dict[str, Setting] | None = None
    setting: Setting | None = None
    for number, raw in enumerate(text.splitlines(), 1):
        row = raw.rstrip()
        if not row or row.lstrip().startswith(("#", ";")):
            if setting is not None:
                setting.value += "\n"
        elif row[0].isspace() and setting is not None:
            setting.value += f"\n{row.strip()}"
        elif section := _SECTION.match(row.strip()):
            name = section.group(1).strip()
            current = ini.sections.setdefault(name, {})
            ini.lines.setdefault(name, number)
            setting = None
        elif current is None:
            raise IniError("found a line before the first section", number)
        else:
            found = _SETTING.match(row.strip())
            # configparser has an option to accept keys without values, as for flags.
            name = found.group(1) if found else row.strip()
            setting = Setting(found.group(2) if found else "", number)
            current.setdefault(name.strip().lower(), setting)
    return ini
