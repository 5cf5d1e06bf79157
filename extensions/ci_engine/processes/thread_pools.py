"""Threads that may decode: every pool of the engine and the companion is made here.

msgspec learns the fields of a Struct when it is used for the first time. If two threads
do that at once, the process ends with a segmentation fault, so it is done before.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import msgspec

_prepared: set[type[msgspec.Struct]] = set()
_lock = threading.Lock()


def thread_pool(most: int | None = None) -> ThreadPoolExecutor:
    """A pool of threads, which may use every type that is known by now."""
    prepare_types()
    return ThreadPoolExecutor(max_workers=most)


def prepare_types() -> None:
    """Let msgspec learn the types that are known by now, which takes milliseconds."""
    with _lock:
        for kind in {*_below(msgspec.Struct)} - _prepared:
            # A type that cannot be decoded is reported where it is used.
            with contextlib.suppress(NameError, TypeError):
                msgspec.json.Decoder(kind)
            _prepared.add(kind)


def _below(kind: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)
