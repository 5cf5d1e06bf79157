"""The result as JSON: the format other programs rely on."""

from __future__ import annotations

import msgspec

from ci_engine.findings.results import RunResult

__all__ = ["to_json"]


def to_json(result: RunResult) -> str:
    """Write the whole result, indented, with a final newline."""
    return msgspec.json.format(msgspec.json.encode(result)).decode() + "\n"
