"""Take typed values out of parsed documents, whatever stands in them."""

from __future__ import annotations

from typing import cast

from ci_engine.config import Table

__all__ = ["at", "rows", "strings", "table", "text", "words"]


def at(document: object, *keys: str) -> object:
    """The value at a path of keys, None where the path ends before."""
    for key in keys:
        if not isinstance(document, dict):
            return None
        document = cast("Table", document).get(key)
    return document


def table(document: object, *keys: str) -> Table:
    """The table at a path of keys, empty if there is none."""
    value = at(document, *keys)
    return cast("Table", value) if isinstance(value, dict) else {}


def text(document: object, *keys: str) -> str:
    """The text at a path of keys, empty if there is none."""
    value = at(document, *keys)
    return value.strip() if isinstance(value, str) else ""


def rows(document: object, *keys: str) -> list[object]:
    """The list at a path of keys, empty if there is none."""
    value = at(document, *keys)
    return cast("list[object]", value) if isinstance(value, list) else []


def strings(document: object, *keys: str) -> list[str]:
    """The texts in the list at a path of keys; a lone text is a list of one."""
    value = at(document, *keys)
    if isinstance(value, str):
        return [value]
    return [item for item in rows(value) if isinstance(item, str)]


def words(value: object) -> list[str]:
    """Words of a list, or of a text that separates them by space, comma or line."""
    if isinstance(value, str):
        return value.replace(",", " ").split()
    return strings(value)
