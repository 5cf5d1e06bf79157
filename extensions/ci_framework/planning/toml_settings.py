"""Write the project's own settings as TOML, beside the framework's block."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Sequence

from ci_framework.answers import OwnSetting, SettingValue

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_WIDTH = 88
_INTRODUCTION = (
    "ci-framework detected these settings when it was adopted. They are yours: updates "
    "do not change them."
)


def write_settings(settings: Sequence[OwnSetting]) -> str:
    """Write settings as tables below ``[tool.ci-framework]``, each with its reason."""
    tables: dict[tuple[str, ...], list[OwnSetting]] = {}
    for setting in settings:
        tables.setdefault(setting.key[:-1], []).append(setting)
    parts = [_comment(_INTRODUCTION)]
    for table, members in tables.items():
        header = ".".join(_key(part) for part in ("tool", "ci-framework", *table))
        lines = [f"[{header}]\n"]
        for member in members:
            lines.append(_comment(member.because))
            lines.append(f"{_key(member.key[-1])} = {write_value(member.value)}\n")
        parts.append("".join(lines))
    return "\n".join(parts)


def write_value(value: SettingValue) -> str:
    """One value in TOML 1.0; long lists have one item per line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return _string(value)
    items = [_string(item) for item in value]
    line = f"[{', '.join(items)}]"
    if len(line) < _WIDTH // 2:
        return line
    return "[\n" + "".join(f"    {item},\n" for item in items) + "]"


def _string(text: str) -> str:
    """A basic string: escaped like JSON, except DEL, which TOML also escapes."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _string(name)


def _comment(text: str) -> str:
    """A sentence as comment lines, without control characters."""
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    rows = textwrap.wrap(words, _WIDTH - 2, break_long_words=False)
    return "".join(f"# {row}\n" for row in rows)
