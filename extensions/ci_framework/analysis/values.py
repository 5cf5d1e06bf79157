"""Take texts out of parsed documents, however a tool lets people write them."""

from __future__ import annotations

from ci_engine.configuration.tables import dig, texts

__all__ = ["strings", "text", "words"]


def text(document: object, *keys: str) -> str:
    """The text at a path of keys, without space around it; empty if there is none."""
    value = dig(document, *keys)
    return value.strip() if isinstance(value, str) else ""


def strings(document: object, *keys: str) -> list[str]:
    """The texts in the list at a path of keys; a lone text is a list of one."""
    value = dig(document, *keys)
    return [value] if isinstance(value, str) else texts(value)


def words(value: object) -> list[str]:
    """Words of a list, or of a text that separates them by space, comma or line."""
    if isinstance(value, str):
        return value.replace(",", " ").split()
    return strings(value)
