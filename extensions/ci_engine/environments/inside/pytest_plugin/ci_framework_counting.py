"""Count the memory or instructions of single calls, in the process of a benchmark.

It runs in the project's environment, and needs only the standard library; memray, for
memory, comes from there or from the directory in a variable.
"""

from __future__ import annotations

import ctypes
import functools
import gc
import importlib
import json
import os
import platform
import struct
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

_Result = TypeVar("_Result")
_KIND_VARIABLE = "CI_ENGINE_COUNTING"
_DIRECTORY_VARIABLE = "CI_ENGINE_COUNTING_DIRECTORY"
_PACKAGES_VARIABLE = "CI_ENGINE_COUNTING_PACKAGES"
# The first call fills caches; the second one is measured.
_MEMORY_CALLS = 2
_INSTRUCTION_CALLS = 20
# For Linux: the number of the syscall perf_event_open, and its arguments.
_SYSTEM_CALLS = {"x86_64": 298, "aarch64": 241}
_PERF_ATTRIBUTES = 112
_HARDWARE, _INSTRUCTIONS = 0, 1
# Exclude kernel and hypervisor; disabled until it is switched on.
_DISABLED, _NO_KERNEL, _NO_HYPERVISOR = 1 << 0, 1 << 5, 1 << 6
_ENABLE, _DISABLE, _RESET = 0x2400, 0x2401, 0x2403


class Counter:
    """Counts nothing: calls in a profiled process only get a stack frame of ours."""

    calls = 0
    reason = ""

    @contextmanager
    def counting(self) -> Generator[None]:
        """Count during a call."""
        yield

    def result(self) -> dict[str, float]:
        """The results of the latest calls."""
        return {}


class MemoryCounter(Counter):
    """The peak memory and the number of allocations of a call."""

    calls = _MEMORY_CALLS

    def __init__(self, directory: Path, name: str) -> None:
        self.file = directory / f"{name}.bin"
        self.memray: Any = None
        packages = os.environ.get(_PACKAGES_VARIABLE, "")
        if packages and packages not in sys.path:
            sys.path.append(packages)
        try:
            self.memray = importlib.import_module("memray")
        except ImportError as error:
            self.reason = f"memray cannot be imported: {error}"

    @contextmanager
    def counting(self) -> Generator[None]:
        """Write every allocation to a file, with the garbage collector disabled."""
        if self.memray is None:
            yield
            return
        gc.collect()
        enabled = gc.isenabled()
        gc.disable()
        target = self.memray.FileDestination(self.file, overwrite=True)
        try:
            with self.memray.Tracker(destination=target):
                yield
        finally:
            if enabled:
                gc.enable()

    def result(self) -> dict[str, float]:
        """Bytes and allocations."""
        if self.memray is None or not self.file.exists():
            return {}
        reader = self.memray.FileReader(self.file)
        kept = reader.get_leaked_allocation_records(merge_threads=True)
        left = sum(record.n_allocations for record in kept)
        # Every other record is for an allocation or for its end.
        allocations = (reader.metadata.total_allocations + left) // 2
        return {
            "peak-memory": reader.metadata.peak_memory,
            "allocations": allocations,
        }


class InstructionCounter(Counter):
    """Instructions of this thread in user space, as ``perf stat -e instructions:u``."""

    calls = _INSTRUCTION_CALLS

    def __init__(self) -> None:
        self.least = 0
        self.descriptor = -1
        number = _SYSTEM_CALLS.get(platform.machine(), 0)
        if not sys.platform.startswith("linux") or not number:
            self.reason = f"not on {platform.system()} {platform.machine()}"
            return
        flags = _DISABLED | _NO_KERNEL | _NO_HYPERVISOR
        attributes = struct.pack(
            "IIQQQQQ", _HARDWARE, _PERF_ATTRIBUTES, _INSTRUCTIONS, 0, 0, 0, flags
        ).ljust(_PERF_ATTRIBUTES, b"\0")
        library = ctypes.CDLL(None, use_errno=True)
        self.descriptor = library.syscall(number, attributes, 0, -1, -1, 0)
        if self.descriptor < 0:
            error = os.strerror(ctypes.get_errno())
            self.reason = f"the processor or its kernel does not count them: {error}"

    @contextmanager
    def counting(self) -> Generator[None]:
        """Count, and keep the minimum of several calls."""
        if self.descriptor < 0:
            yield
            return
        control = importlib.import_module("fcntl").ioctl
        control(self.descriptor, _RESET, 0)
        control(self.descriptor, _ENABLE, 0)
        try:
            yield
        finally:
            control(self.descriptor, _DISABLE, 0)
            (count,) = struct.unpack("Q", os.read(self.descriptor, 8))
            self.least = min(self.least or count, count)

    def result(self) -> dict[str, float]:
        """The number of instructions."""
        if self.descriptor < 0:
            return {}
        os.close(self.descriptor)
        return {"instructions": self.least} if self.least else {}


class Observer:
    """Measures the benchmarks of this process, one after the other."""

    def __init__(self, kind: str, directory: Path) -> None:
        self.kind = kind
        self.directory = directory
        self.counts: dict[str, dict[str, float]] = {}
        self.reason = ""
        self.name = ""
        self.counter = Counter()
        self.number = 0

    def start(self, name: str) -> None:
        """Begin a benchmark."""
        self.finish()
        self.name, self.number = name, 0
        if self.kind == "memory":
            self.counter = MemoryCounter(self.directory, str(len(self.counts)))
        elif self.kind == "instructions":
            self.counter = InstructionCounter()
        self.reason = self.reason or self.counter.reason

    def finish(self) -> None:
        """End a benchmark, and write all results: the process may crash later."""
        if self.name and self.number:
            self.counts[self.name] = self.counter.result()
        self.name = ""
        facts = {"reason": self.reason, "counts": self.counts}
        text = json.dumps(facts)
        (self.directory / "counts.json").write_text(text, encoding="utf-8")

    def observed(self, function: Callable[..., _Result]) -> Callable[..., _Result]:
        """Wrap a function so that its first calls are counted."""

        @functools.wraps(function)
        def ci_framework_call(*args: object, **named: object) -> _Result:
            number = self.number
            self.number += 1
            if number >= self.counter.calls:
                return function(*args, **named)
            with self.counter.counting():
                return function(*args, **named)

        return ci_framework_call


def make_observer() -> Observer:
    """The observer that the variables of this process select."""
    return Observer(os.environ[_KIND_VARIABLE], Path(os.environ[_DIRECTORY_VARIABLE]))
