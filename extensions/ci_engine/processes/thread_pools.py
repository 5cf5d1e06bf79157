"""Create all thread pools of the engine and the companion.

msgspec inspects the fields of a Struct when it is first used. If two threads do that
at the same time, the process crashes with a segmentation fault, so it is done before.
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
    """A pool of threads that may use every type known by now."""
    prepare_types()
    return ThreadPoolExecutor(max_workers=most)


def prepare_types() -> None:
    """Let msgspec inspect the types known by now, which takes milliseconds."""
    with _lock:
        for kind in {*_below(msgspec.Struct)} - _prepared:
            # An unsupported type is reported where it is used.
            with contextlib.suppress(NameError, TypeError):
                msgspec.json.Decoder(kind)
            _prepared.add(kind)


def _below(kind: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)
