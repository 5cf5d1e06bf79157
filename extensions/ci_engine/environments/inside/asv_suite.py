"""Run the ``time_*`` benchmarks of an asv suite once, without asv.

Usage: ``asv_suite.py DIRECTORY ROOT RESULT``. The variables of the pytest plugins set
the events file, the selection, and the measuring time; the result has the format of
pytest-benchmark.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import inspect
import itertools
import json
import os
import pickle
import pkgutil
import sys
import time
import timeit
import traceback
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

_LEAST_SAMPLE = 0.005
_MOST_ROUNDS = 10_000
_LONGEST_PARAMETER = 60
_Call = Callable[..., Any]


class Benchmark(NamedTuple):
    """One function with one combination of its parameters.

    Attributes:
        name: the file, the function and the parameters.
        owner: the class of a method, None for a function.
    """

    name: str
    path: str
    line: int
    module: ModuleType
    owner: type[Any] | None
    function: str
    parameters: tuple[Any, ...]


class Events:
    """Writes the same events as the pytest plugin."""

    def __init__(self, file: Path) -> None:
        self.stream = file.open("w", encoding="utf-8")

    def write(self, event: str, **facts: object) -> None:
        """Write one event and flush it."""
        text = json.dumps({"event": event, **facts})
        self.stream.write(text.encode("utf-8", "backslashreplace").decode() + "\n")
        self.stream.flush()

    def phase(self, benchmark: Benchmark, when: str, outcome: str, text: str) -> None:
        """Record how a phase of a benchmark ended."""
        self.write(
            "phase",
            id=benchmark.name,
            when=when,
            outcome=outcome,
            path=benchmark.path,
            line=benchmark.line,
            message=text,
        )


def _modules(directory: Path, events: Events, root: Path) -> Iterator[ModuleType]:
    """Import all modules of the suite, with its directory as their package."""
    sys.path.insert(0, str(directory.parent))
    found = pkgutil.walk_packages([str(directory)], f"{directory.name}.")
    names = [directory.name, *sorted(info.name for info in found)]
    for name in names:
        try:
            yield importlib.import_module(name)
        except Exception as error:
            path = directory.parent / name.replace(".", "/")
            shown = path.relative_to(root).as_posix()
            events.write(
                "collect",
                id=f"{shown}.py",
                path=f"{shown}.py",
                outcome="failed",
                message=_describe(error),
            )


def _describe(error: Exception) -> str:
    """Describe an error in one line; the traceback is part of the output."""
    traceback.print_exception(error)
    return traceback.format_exception_only(error)[-1].strip()


def _is_own(value: object, module: ModuleType) -> bool:
    return getattr(value, "__module__", None) == module.__name__


def _benchmarks(module: ModuleType, root: Path) -> Iterator[Benchmark]:
    if not module.__file__:
        # A directory without an __init__.py.
        return
    path = os.path.relpath(module.__file__, root).replace(os.sep, "/")
    for name, value in list(vars(module).items()):
        if name.startswith("time_") and inspect.isfunction(value):
            yield from _combinations(module, path, None, value)
        elif inspect.isclass(value) and not name.startswith("_"):
            for method_name, method in inspect.getmembers(value, inspect.isfunction):
                if method_name.startswith("time_") and _is_own(value, module):
                    yield from _combinations(module, path, value, method)


def _combinations(
    module: ModuleType, path: str, owner: type[Any] | None, function: _Call
) -> Iterator[Benchmark]:
    if not _is_own(function, module) and owner is None:
        return
    given: Any = getattr(function, "params", None) or getattr(owner, "params", None)
    lists = list(given or [])
    if lists and not isinstance(lists[0], (list, tuple)):
        lists = [lists]
    name = function.__name__ if owner is None else f"{owner.__name__}."
    name += "" if owner is None else function.__name__
    line = function.__code__.co_firstlineno
    for parameters in itertools.product(*lists):
        shown = ", ".join(repr(each)[:_LONGEST_PARAMETER] for each in parameters)
        full = f"{path}::{name}" + (f"[{shown}]" if lists else "")
        yield Benchmark(full, path, line, module, owner, function.__name__, parameters)


class Caches:
    """The results of each ``setup_cache``; every benchmark gets its own copy."""

    def __init__(self) -> None:
        self.made: dict[object, bytes] = {}

    def arguments(self, benchmark: Benchmark, instance: object) -> tuple[Any, ...]:
        """The first argument of the benchmark, if it has a cache."""
        source = instance if benchmark.owner is not None else benchmark.module
        make: _Call | None = getattr(source, "setup_cache", None)
        if make is None:
            return ()
        key = benchmark.owner or benchmark.module
        if key not in self.made:
            self.made[key] = pickle.dumps(make())
        value = pickle.loads(self.made[key])  # noqa: S301 # nosec B301 - just made
        return () if value is None else (value,)


class Measured:
    """A benchmark that can be called."""

    def __init__(self, benchmark: Benchmark, caches: Caches) -> None:
        instance = benchmark.owner() if benchmark.owner is not None else None
        source: Any = benchmark.module if instance is None else instance
        self.function: Any = getattr(source, benchmark.function)
        self.values = (*caches.arguments(benchmark, instance), *benchmark.parameters)
        owners = (benchmark.module, instance, self.function)
        self.setups = [s for o in owners if (s := getattr(o, "setup", None))]
        self.teardowns = [t for o in owners if (t := getattr(o, "teardown", None))]
        self.number = int(self._setting(instance, "number", 0))
        self.timer: Callable[[], float] = self._setting(
            instance, "timer", timeit.default_timer
        )
        self.call: _Call = lambda: self.function(*self.values)

    def _setting(self, instance: object, name: str, default: Any) -> Any:  # noqa: ANN401
        own = getattr(self.function, name, None)
        return own if own is not None else getattr(instance, name, default)

    @contextlib.contextmanager
    def ready(self) -> Generator[None]:
        """Set the benchmark up, and tear it down."""
        for setup in self.setups:
            setup(*self.values)
        try:
            yield
        finally:
            for teardown in reversed(self.teardowns):
                teardown(*self.values)

    def sample(self, number: int) -> float:
        """The seconds per call, from several calls in a row."""
        call, timer = self.call, self.timer
        enabled = gc.isenabled()
        gc.disable()
        try:
            start = timer()
            for _ in itertools.repeat(None, number):
                call()
            return (timer() - start) / number
        finally:
            if enabled:
                gc.enable()

    def fastest(self, seconds: float, rounds: int) -> float:
        """The fastest of several rounds, each with a new setup."""
        number = self.number or 1
        with self.ready():
            least = self.sample(number)
            # One round has to be long enough for the clock.
            while not self.number and least * number < _LEAST_SAMPLE:
                number *= 2
                least = self.sample(number)
        end = time.perf_counter() + seconds
        for done in range(_MOST_ROUNDS):
            if done >= rounds and time.perf_counter() >= end:
                break
            with self.ready():
                least = min(least, self.sample(number))
        return least


def _observer() -> Any:  # noqa: ANN401
    """The observer that counts the calls of this process, if requested."""
    if not os.environ.get("CI_ENGINE_COUNTING"):
        return None
    return importlib.import_module("ci_framework_counting").make_observer()


def _run(benchmark: Benchmark, caches: Caches, observer: Any) -> float:  # noqa: ANN401
    measured = Measured(benchmark, caches)
    if observer is not None:
        observer.start(benchmark.name)
        measured.call = observer.observed(measured.call)
    seconds = float(os.environ["CI_ENGINE_BENCHMARK_SECONDS"])
    return measured.fastest(seconds, int(os.environ["CI_ENGINE_BENCHMARK_ROUNDS"]))


def main() -> None:
    """Run all benchmarks, or the selected ones."""
    directory, root, result = map(Path, sys.argv[1:])
    # Files beside this one must not be importable.
    sys.path.pop(0)
    events = Events(Path(os.environ["CI_ENGINE_PYTEST_EVENTS"]))
    events.write("begin")
    file = os.environ.get("CI_ENGINE_BENCHMARK_SELECTION", "")
    only = json.loads(Path(file).read_text(encoding="utf-8")) if file else None
    modules = list(_modules(directory, events, root))
    found = [each for module in modules for each in _benchmarks(module, root)]
    chosen = [each for each in found if only is None or each.name in only]
    caches, times, observer = Caches(), dict[str, float](), _observer()
    for benchmark in chosen:
        events.write(
            "start", id=benchmark.name, path=benchmark.path, line=benchmark.line
        )
        try:
            times[benchmark.name] = _run(benchmark, caches, observer)
            outcome, text = "passed", ""
        except NotImplementedError as error:
            outcome, text = "skipped", str(error)
        except Exception as error:
            outcome, text = "failed", _describe(error)
        events.phase(benchmark, "call", outcome, text)
        events.phase(benchmark, "teardown", "passed", "")
    if observer is not None:
        observer.finish()
    rows = [{"fullname": n, "stats": {"min": t}} for n, t in times.items()]
    result.write_text(json.dumps({"benchmarks": rows}), encoding="utf-8")
    events.write("finish", code=0, collected=len(chosen))


main()
