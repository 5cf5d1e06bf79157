"""Run a call in the background, usually to wait for a program."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from ci_engine.processes.thread_pools import prepare_types

_Result = TypeVar("_Result")


class Background(Generic[_Result]):
    """A call in a separate thread, until its result is requested."""

    def __init__(self, call: Callable[[], _Result]) -> None:
        """Start the call."""
        self._call = call
        self._results: list[_Result] = []
        self._error: Exception | None = None
        prepare_types()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._results.append(self._call())
        except Exception as error:
            self._error = error

    def result(self) -> _Result:
        """Wait for the result of the call, or raise its exception."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._results[0]
