"""Replacements for functions in tests."""

from __future__ import annotations

from collections.abc import Callable


def always(value: object) -> Callable[..., object]:
    """A function that returns the same whatever it is called with."""

    def answer(*_: object, **__: object) -> object:
        return value

    return answer
