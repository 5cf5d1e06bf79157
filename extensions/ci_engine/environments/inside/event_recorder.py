"""A pytest plugin that writes what happens, as it happens, as lines of JSON.

It runs in the project's environment, so it needs nothing but pytest and the
standard library. Every line is flushed: when pytest hangs, crashes or is killed,
the last line still says which test was running.

``pytest_plugin/ci_framework_pytest.py`` loads it, so that coverage never measures it.
"""

from __future__ import annotations

import faulthandler
import json
import os
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import IO, cast

import pytest

_EVENTS_VARIABLE = "CI_ENGINE_PYTEST_EVENTS"
_ROOT_VARIABLE = "CI_ENGINE_ROOT"
_DEADLINE_VARIABLE = "CI_ENGINE_PYTEST_DEADLINE"
_EXAMPLES_VARIABLE = "CI_ENGINE_HYPOTHESIS_EXAMPLES"
_SELECTION_VARIABLE = "CI_ENGINE_PYTEST_SELECTION"
_OMIT_VARIABLE = "CI_ENGINE_COVERAGE_OMIT"
_PROFILE = "ci-framework"


class Locations:
    """Names files relative to the repository, whatever pytest's own root is."""

    def __init__(self, pytest_root: Path, repository: Path) -> None:
        self.pytest_root = pytest_root
        self.repository = repository

    def relative(self, path: str) -> str:
        """Name a file relative to the repository, empty if it is outside."""
        absolute = os.path.normpath(self.pytest_root / path)
        if not Path(absolute).is_relative_to(self.repository):
            return ""
        return Path(absolute).relative_to(self.repository).as_posix()

    def of_report(
        self, report: pytest.TestReport | pytest.CollectReport
    ) -> tuple[str, int]:
        """Find the line to point at: the last one inside the test's own file."""
        location = getattr(report, "location", None)
        path, line = (location[0], (location[1] or 0) + 1) if location else ("", 0)
        own = self.relative(path) if path else ""
        longrepr = report.longrepr
        if isinstance(longrepr, tuple):
            return self.relative(longrepr[0]) or own, int(longrepr[1])
        entries = getattr(getattr(longrepr, "reprtraceback", None), "reprentries", ())
        locations = [
            (self.relative(entry.reprfileloc.path), int(entry.reprfileloc.lineno))
            for entry in entries
            if getattr(entry, "reprfileloc", None)
        ]
        mine = [location for location in locations if location[0] == own] or [
            location for location in locations if location[0]
        ]
        return mine[-1] if mine else (own, line)


class EventWriter:
    """Writes one line of JSON for each event of the run."""

    def __init__(self, stream: IO[str], locations: Locations) -> None:
        self.stream = stream
        self.locations = locations
        self.process = os.getpid()

    def write(self, **event: object) -> None:
        """Write one event and make sure that it is on disk."""
        if os.getpid() != self.process:
            # A child that a test forked and that did not end in the test.
            return
        plain = {name: _plain(value) for name, value in event.items()}
        self.stream.write(json.dumps(plain) + "\n")
        self.stream.flush()

    def pytest_sessionstart(self) -> None:
        """Note that pytest begins: it must also come to its end."""
        self.write(event="begin")

    def pytest_runtest_logstart(
        self, nodeid: str, location: tuple[str, int | None, str]
    ) -> None:
        """Note which test starts, and where it is."""
        path = self.locations.relative(location[0])
        self.write(event="start", id=nodeid, path=path, line=(location[1] or 0) + 1)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note how a phase of a test ended."""
        path, line = self.locations.of_report(report)
        self.write(
            event="phase",
            id=report.nodeid,
            when=report.when,
            outcome=report.outcome,
            xfail=hasattr(report, "wasxfail"),
            seconds=report.duration,
            path=path,
            line=line,
            message=_message(report),
        )

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a file that could not be collected, or was skipped whole."""
        if report.outcome == "passed":
            return
        path, line = self.locations.of_report(report)
        self.write(
            event="collect",
            id=report.nodeid,
            outcome=report.outcome,
            path=path or self.locations.relative(report.nodeid.partition("::")[0]),
            line=line,
            message=_message(report),
        )

    def pytest_sessionfinish(
        self, session: pytest.Session, exitstatus: int | pytest.ExitCode
    ) -> None:
        """Note that pytest came to its own end."""
        self.write(
            event="finish", code=int(exitstatus), collected=session.testscollected
        )
        # The watchdog writes to the same file: it must be off before that closes.
        faulthandler.cancel_dump_traceback_later()
        self.stream.close()


class Selection:
    """Leaves out files of tests that a change cannot break, and puts others first.

    Only the files that are named as left out are: everything else runs.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        selection = json.loads(Path(file).read_text(encoding="utf-8"))
        root = Path(os.path.realpath(selection["root"]))
        self.left_out = frozenset(root / path for path in selection["left-out"])
        self.first = frozenset(root / path for path in selection["first"])

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Do not even import what is left out."""
        return True if self._is_in(collection_path, self.left_out) else None

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Run what the change can break first; the order is kept otherwise."""
        if self.first:
            items.sort(key=lambda item: not self._is_in(item.path, self.first))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: object) -> None:
        """Tell the workers of pytest-xdist the same."""
        sent: dict[str, object] = getattr(node, "workerinput", {})
        sent[_SELECTION_VARIABLE] = self.file

    def _is_in(self, path: Path, paths: frozenset[Path]) -> bool:
        return path in paths or Path(os.path.realpath(path)) in paths


def _allow_low_coverage(config: pytest.Config) -> None:
    """Some tests do not reach the coverage that is required of all."""
    plugin = config.pluginmanager.get_plugin("_cov")
    if plugin is not None and getattr(plugin.options, "cov_fail_under", None):
        plugin.options.cov_fail_under = 0


def _plain(value: object) -> object:
    """Escape what UTF-8 cannot hold, such as half of a surrogate pair."""
    if not isinstance(value, str):
        return value
    return value.encode("utf-8", "backslashreplace").decode("utf-8")


def _message(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Say what went wrong, or why a test was skipped."""
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])
    if report.outcome == "passed":
        return str(getattr(report, "wasxfail", ""))
    return str(report.longreprtext)


def _leave_coverage() -> None:
    """Make a coverage that runs already forget the module that loaded this one.

    Without ``__file__`` coverage does not take the module for one that was imported
    too early. What it has measured in this process is in no public place yet.
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


def _omit_framework(config: pytest.Config) -> None:
    """Keep an engine that is in the repository out of the reports of pytest-cov."""
    omitted = os.environ.get(_OMIT_VARIABLE, "").splitlines()
    plugin = config.pluginmanager.get_plugin("_cov")
    controller = getattr(plugin, "cov_controller", None)
    for name in ("cov", "combining_cov"):
        coverage = getattr(controller, name, None)
        if coverage is not None and omitted:
            own = cast("list[str]", coverage.get_option("report:omit") or [])
            coverage.set_option("report:omit", [*own, *omitted])


def _load_hypothesis_profile(config: pytest.Config) -> str:
    """Let property tests try more examples, the same ones in every run.

    The profile keeps everything else of the one that is loaded. A profile that the
    user chose stays.
    """
    examples = int(os.environ.get(_EXAMPLES_VARIABLE) or 0)
    chosen = os.environ.get("HYPOTHESIS_PROFILE") or config.getoption(
        "--hypothesis-profile", default=None
    )
    if not examples or chosen or not find_spec("hypothesis"):
        return ""
    from hypothesis import settings  # noqa: PLC0415

    current = settings()
    settings.register_profile(
        _PROFILE,
        parent=current,
        max_examples=max(current.max_examples, examples),
        deadline=None,
        print_blob=True,
        derandomize=True,
        # Derandomized examples are not remembered; hypothesis refuses a database.
        database=None,
    )
    settings.load_profile(_PROFILE)
    number = settings().max_examples
    return f"hypothesis: up to {number} examples for each property, always the same"


def _select(config: pytest.Config, file: str) -> str:
    """Register the selection and say what it does."""
    selection = Selection(file)
    config.pluginmanager.register(selection, "ci-framework-selection")
    if not selection.left_out:
        return f"what the change can break ran first: {len(selection.first)} files"
    _allow_low_coverage(config)
    return f"{len(selection.left_out)} files of tests were left out"


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Prepare the reports that pytest-cov writes when the tests have run."""
    _omit_framework(session.config)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the writer; the workers of pytest-xdist report to the controller."""
    profile = _load_hypothesis_profile(config)
    received: dict[str, str] = getattr(config, "workerinput", {})
    selection = os.environ.pop(
        _SELECTION_VARIABLE, received.get(_SELECTION_VARIABLE, "")
    )
    note = _select(config, selection) if selection else ""
    # Taken away, so that a pytest which a test starts does not write here as well.
    events = os.environ.pop(_EVENTS_VARIABLE, "")
    if not events or hasattr(config, "workerinput"):
        return
    stream = Path(events).open("a", encoding="utf-8")  # noqa: SIM115
    locations = Locations(config.rootpath, Path(os.environ[_ROOT_VARIABLE]))
    writer = EventWriter(stream, locations)
    config.pluginmanager.register(writer, "ci-framework-events")
    for text in filter(None, (profile, note)):
        writer.write(event="note", message=text)
    remaining = float(os.environ[_DEADLINE_VARIABLE]) - time.time()
    # Early enough to be written before the engine kills this process.
    stack_after = max(remaining - 1, remaining / 2, 0.1)
    faulthandler.dump_traceback_later(stack_after, file=stream)


_leave_coverage()
