"""A pytest plugin that writes events of the run as lines of JSON.

It runs in the project's environment, so it needs only pytest and the
standard library. Every line is flushed: if pytest hangs, crashes or is killed,
the last line still shows which test was running.

``pytest_plugin/ci_framework_pytest.py`` loads it, so that coverage never measures it.
"""

from __future__ import annotations

import faulthandler
import json
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import IO, cast

import pytest

_EVENTS_VARIABLE = "CI_ENGINE_PYTEST_EVENTS"
_ROOT_VARIABLE = "CI_ENGINE_ROOT"
_DEADLINE_VARIABLE = "CI_ENGINE_PYTEST_DEADLINE"
_COLLECTION_KEY = "ci-framework-collection"
_HOOKS = (
    *("coverage_options", "hypothesis_profile", "selection", "shards"),
    "collection",
)
_LONGEST = 20_000
# The directories of this environment's packages, and those of its Python.
_ENVIRONMENT = tuple({os.path.realpath(p) for p in (sys.prefix, sys.base_prefix)})
# Tests may replace functions of these modules, even after they ended; the originals
# are captured now. https://github.com/pytest-dev/pytest/issues/4761
_getpid, _monotonic, _realpath = os.getpid, time.monotonic, os.path.realpath
_encode = json.JSONEncoder().encode
# The location format of ``--tb=native``, which has no entries of pytest.
_NATIVE = re.compile(r'^ *File "(.+?)", line (\d+)', re.MULTILINE)


class Locations:
    """File names relative to the repository, independent of pytest's root."""

    def __init__(self, pytest_root: Path, repository: Path) -> None:
        self.pytest_root = pytest_root
        self.repository = repository
        self.known: dict[str, str] = {}

    def relative(self, path: str) -> str:
        """The path of a project file relative to the repository, else empty."""
        if path not in self.known:
            self.known[path] = self._relative(path)
        return self.known[path]

    def _relative(self, path: str) -> str:
        absolute = Path(os.path.normpath(self.pytest_root / path))
        foreign = "site-packages" in absolute.parts or path.startswith("<")
        if foreign or not absolute.is_relative_to(self.repository):
            return ""
        # The environment may be in the repository, or linked from there.
        real = Path(_realpath(absolute))
        inner = [e for e in _ENVIRONMENT if not self.repository.is_relative_to(e)]
        if any(real.is_relative_to(environment) for environment in inner):
            return ""
        return absolute.relative_to(self.repository).as_posix()

    def of_report(
        self, report: pytest.TestReport | pytest.CollectReport
    ) -> tuple[str, int]:
        """The line to report: the last one inside the test's own file."""
        location = getattr(report, "location", None)
        path, line = (location[0], (location[1] or 0) + 1) if location else ("", 0)
        own = self.relative(path) if path else ""
        longrepr = report.longrepr
        try:
            if isinstance(longrepr, tuple):
                return self.relative(longrepr[0]) or own, int(longrepr[1])
            locations = list(self._of_traceback(longrepr))
        except Exception:  # A test may have replaced something, such as os.name.
            locations = []
        mine = [location for location in locations if location[0] == own] or [
            location for location in locations if location[0]
        ]
        return mine[-1] if mine else (own, line)

    def _of_traceback(self, longrepr: object) -> Iterator[tuple[str, int]]:
        traceback = getattr(longrepr, "reprtraceback", None)
        for entry in getattr(traceback, "reprentries", ()):
            at = getattr(entry, "reprfileloc", None)
            if at:
                yield self.relative(at.path), int(at.lineno)
            for path, line in () if at else _NATIVE.findall("\n".join(entry.lines)):
                yield self.relative(path), int(line)


class EventWriter:
    """Writes one line of JSON for each event of the run."""

    def __init__(self, stream: IO[str], locations: Locations) -> None:
        self.stream = stream
        self.locations = locations
        self.process = _getpid()
        self.started = _monotonic()

    def write(self, **event: object) -> None:
        """Write one event and flush it."""
        if _getpid() != self.process:
            # Ignore a child process that a test forked and that outlived the test.
            return
        plain = {name: _plain(value) for name, value in event.items()}
        self.stream.write(_encode(plain) + "\n")
        self.stream.flush()

    def pytest_sessionstart(self) -> None:
        """Record the start of pytest: it must also finish."""
        self.write(event="begin")

    def collection(self, collected: dict[str, object]) -> None:
        """Record the collected tests, and those that will not run."""
        self.write(event="collection", **collected)

    def pytest_runtest_logstart(
        self, nodeid: str, location: tuple[str, int | None, str]
    ) -> None:
        """Record the start and the location of a test."""
        path = self.locations.relative(location[0])
        self.write(event="start", id=nodeid, path=path, line=(location[1] or 0) + 1)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Record how a phase of a test ended."""
        path, line = self.locations.of_report(report)
        self.write(
            event="phase",
            id=report.nodeid,
            when=report.when,
            outcome=report.outcome,
            xfail=hasattr(report, "wasxfail"),
            # A part of a test (a subtest), which has a separate report as well.
            part=hasattr(report, "context"),
            worker=getattr(report, "worker_id", ""),
            seconds=self._possible(report.duration),
            path=path,
            line=line,
            message=_message(report),
        )

    def _possible(self, seconds: float) -> float:
        """A duration, 0 if it is invalid: a test may have replaced the clock.

        https://github.com/spulec/freezegun/issues/433
        """
        return seconds if 0 <= seconds <= _monotonic() - self.started + 1 else 0.0

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Record a file that could not be collected, or was skipped as a whole."""
        if report.outcome == "passed":
            return
        path, line = self.locations.of_report(report)
        path = path or self.locations.relative(report.nodeid.partition("::")[0])
        # The report of a pytest-xdist worker has its name, and belongs to no file.
        there = (self.locations.repository / path).exists()
        self.write(
            event="collect",
            id=report.nodeid,
            outcome=report.outcome,
            path=path if there else "",
            line=line if there else 0,
            message=_message(report),
        )

    def pytest_sessionfinish(
        self, session: pytest.Session, exitstatus: int | pytest.ExitCode
    ) -> None:
        """Record that pytest finished."""
        self.write(
            event="finish", code=int(exitstatus), collected=session.testscollected
        )
        self.stream.close()

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: object) -> None:
        """Make the pytest-xdist workers write their stacks as well."""
        sent: dict[str, object] = getattr(node, "workerinput", {})
        sent[_EVENTS_VARIABLE] = self.stream.name

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        """Record the tests that a pytest-xdist worker collected."""
        output: dict[str, object] = getattr(node, "workeroutput", None) or {}
        collected = output.get(_COLLECTION_KEY)
        if isinstance(collected, dict):
            self.collection(cast("dict[str, object]", collected))


def _watch(path: Path) -> None:
    """Write the stack of the process when its time is over.

    The engine requests it with a signal. A timer does not work here: pytest stops it
    after a failure, and a process that a test forked would wait for it forever.
    """
    stream = path.open("a", encoding="utf-8")  # faulthandler keeps it open.
    if sys.platform != "win32":
        faulthandler.register(signal.SIGXCPU, file=stream)
        return
    remaining = float(os.environ[_DEADLINE_VARIABLE]) - time.time()
    # Early enough to be written before the engine kills this process.
    stack_after = max(remaining - 1, remaining / 2, 0.1)
    faulthandler.dump_traceback_later(stack_after, file=stream)


def _plain(value: object) -> object:
    """Escape what UTF-8 cannot encode, such as half of a surrogate pair."""
    if isinstance(value, list):
        return [_plain(part) for part in cast("list[object]", value)]
    if not isinstance(value, str):
        return value
    return value.encode("utf-8", "backslashreplace").decode("utf-8")


def _message(report: pytest.TestReport | pytest.CollectReport) -> str:
    """The message of a failure, or the reason of a skip."""
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])
    if report.outcome == "passed":
        return str(getattr(report, "wasxfail", ""))
    text = str(report.longreprtext)
    # If CI is set, pytest prints compared values in full.
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}\n… cut here"


def _leave_coverage() -> Path:
    """Make a running coverage forget the module that loaded this one.

    Without ``__file__``, coverage does not report the module as imported too
    early. No public attribute has the data it already measured in this process.

    Returns:
        The directory of this module.
    """
    loader = os.path.realpath(globals().pop("__file__"))
    coverage = getattr(sys.modules.get("coverage"), "Coverage", None)
    find_current = getattr(coverage, "current", None)
    current = find_current() if find_current is not None else None
    measured: object = getattr(getattr(current, "_collector", None), "data", None)
    if isinstance(measured, dict):
        files = cast("dict[str, object]", measured)
        for name in [name for name in files if os.path.realpath(name) == loader]:
            del files[name]
    return Path(loader).parents[1]


def _load(name: str) -> ModuleType:
    """Load a module with further hooks in the way this one was loaded."""
    module = ModuleType(f"ci-framework-{name}")
    source = (_DIRECTORY / "pytest_hooks" / f"{name}.py").read_bytes()
    code = compile(source, "<ci-framework>", "exec")
    exec(code, vars(module))  # noqa: S102 # nosec B102
    return module


def pytest_addoption(pluginmanager: pytest.PytestPluginManager) -> None:
    """Register the further hooks before pytest reads its options."""
    for name in _HOOKS:
        module = _load(name)
        pluginmanager.register(module, module.__name__)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the writer; the workers of pytest-xdist report to the controller."""
    modules = [config.pluginmanager.get_plugin(f"ci-framework-{n}") for n in _HOOKS]
    received: dict[str, str] = getattr(config, "workerinput", {})
    # Removed, so that a pytest started by a test does not write here as well.
    events = os.environ.pop(_EVENTS_VARIABLE, received.get(_EVENTS_VARIABLE, ""))
    writer: EventWriter | None = None
    if events:
        # One file per process, because they write at the same time.
        _watch(Path(f"{events}.{received.get('workerid', 'main')}"))
        if not received:
            stream = Path(events).open("a", encoding="utf-8")  # noqa: SIM115
            locations = Locations(config.rootpath, Path(os.environ[_ROOT_VARIABLE]))
            writer = EventWriter(stream, locations)
            config.pluginmanager.register(writer, "ci-framework-events")
    for module in modules:
        prepare: Callable[[pytest.Config, EventWriter | None], str]
        prepare = getattr(module, "prepare")  # noqa: B009 - typed by the line before
        note = prepare(config, writer)
        if note and writer is not None:
            writer.write(event="note", message=note)


_DIRECTORY = _leave_coverage()
