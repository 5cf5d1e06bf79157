"""Values that several scanners need, and that are computed once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from ci_engine.errors import ToolError

__all__ = ["Memoized"]

_Value = TypeVar("_Value")


class Memoized(Generic[_Value]):
    """A function whose value, or error, is computed once for all threads."""

    def __init__(self, compute: Callable[[], _Value]) -> None:
        self._compute = compute
        self._lock = threading.Lock()
        self._values: list[_Value | ToolError] = []

    def __call__(self) -> _Value:
        """The value."""
        with self._lock:
            if not self._values:
                try:
                    self._values.append(self._compute())
                except ToolError as error:
                    self._values.append(error)
        value = self._values[0]
        if isinstance(value, ToolError):
            raise value
        return value
