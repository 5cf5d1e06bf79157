"""Results as JSON, the format for other programs."""

from __future__ import annotations

import msgspec

from ci_engine.escaping import json_text


def to_json(value: object) -> str:
    """Write the whole value, indented, with a final newline."""
    return json_text(msgspec.json.format(msgspec.json.encode(value)).decode()) + "\n"
