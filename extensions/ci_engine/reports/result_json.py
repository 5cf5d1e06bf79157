"""Results as JSON: the format other programs rely on."""

from __future__ import annotations

import msgspec


def to_json(value: object) -> str:
    """Write the whole value, indented, with a final newline."""
    return msgspec.json.format(msgspec.json.encode(value)).decode() + "\n"
