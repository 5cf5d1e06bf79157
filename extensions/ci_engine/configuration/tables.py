"""Read values out of parsed files without trusting their shape."""

from __future__ import annotations

from typing import cast

from ci_engine.configuration.reading import Table


def dig(value: object, *keys: str) -> object:
    """The value below some keys, None if it is not there."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = cast("Table", value).get(key)
    return value


def table(value: object, *keys: str) -> Table:
    """The table below some keys, empty if there is none."""
    found = dig(value, *keys)
    if not isinstance(found, dict):
        return {}
    return {str(k): v for k, v in cast("dict[object, object]", found).items()}


def items(value: object, *keys: str) -> list[object]:
    """The list below some keys, empty if there is none."""
    found = dig(value, *keys)
    return cast("list[object]", found) if isinstance(found, list) else []


def one_or_several(value: object) -> list[object]:
    """The items of a list, or a single item that is not in a list."""
    return cast("list[object]", value) if isinstance(value, list) else [value]


def text(value: object, *keys: str) -> str:
    """The text below some keys, empty if there is none."""
    found = dig(value, *keys)
    return found if isinstance(found, str) else ""


def texts(value: object, *keys: str) -> list[str]:
    """The texts in the list below some keys."""
    return [item for item in items(value, *keys) if isinstance(item, str)]
