"""Read the events that the pytest plugin recorded."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from msgspec.structs import replace

from ci_engine.checks.tests.shard import Units
from ci_engine.findings.results import TestCase
from ci_engine.processes.programs import stack_files


class _Event(msgspec.Struct):
    event: str
    id: str = ""
    when: str = ""
    outcome: str = ""
    xfail: bool = False
    part: bool = False
    worker: str = ""
    seconds: float = 0.0
    path: str = ""
    line: int = 0
    message: str = ""
    code: int = 0
    collected: int = 0
    files: list[str] = []
    patterns: list[str] = []
    selected: list[str] = []
    deselected: list[str] = []
    elsewhere: list[str] = []
    here_units: list[str] = []
    other_units: list[str] = []


# Exit codes that another run of pytest may replace: none, success, no tests.
_HARMLESS = (-1, 0, 5)
# If a test ran several times, in several runs or workers, the first of these
# outcomes that it had.
_WORST_FIRST = ("error", "failed", "flaky", "xpassed", "xfailed", "passed", "skipped")


@dataclass
class TestRun:
    """The tests of one run of pytest.

    Attributes:
        tests: every test that ended, once, in the order of the run.
        executed: the ids of tests whose code ran, at least in part.
        collection: files that could not be collected.
        skipped_files: files that were skipped as a whole.
        running: tests that started and never ended, with their locations.
        finished: whether pytest finished, each time it was started.
        code: pytest's exit code, the worst one of several runs, -1 if it did not
            finish.
        collected: how many tests pytest selected.
        selected: the ids of the selected tests.
        deselected: the ids of tests that options, marks or hooks left out.
        elsewhere: the ids of tests that other shards run.
        units: what this shard runs, and what others run.
        files: the files that pytest examined, as absolute paths.
        patterns: the file names that pytest collects.
        stack: the stacks of the processes shortly before the timeout.
        notes: remarks of the plugin for readers.
    """

    __test__ = False

    tests: list[TestCase] = field(default_factory=list[TestCase])
    executed: set[str] = field(default_factory=set[str])
    collection: list[TestCase] = field(default_factory=list[TestCase])
    skipped_files: list[TestCase] = field(default_factory=list[TestCase])
    running: list[TestCase] = field(default_factory=list[TestCase])
    finished: bool = False
    code: int = -1
    collected: int = 0
    selected: dict[str, None] = field(default_factory=dict[str, None])
    deselected: dict[str, None] = field(default_factory=dict[str, None])
    elsewhere: dict[str, None] = field(default_factory=dict[str, None])
    units: Units = field(default_factory=Units)
    files: set[str] = field(default_factory=set[str])
    patterns: set[str] = field(default_factory=set[str])
    stack: str = ""
    notes: list[str] = field(default_factory=list[str])

    def count(self, *outcomes: str) -> int:
        """The number of tests with one of these outcomes."""
        return sum(test.outcome in outcomes for test in self.tests)

    @property
    def left(self) -> list[str]:
        """The ids of tests that were selected and never started."""
        known = {test.id for test in (*self.tests, *self.running)}
        return [name for name in self.selected if name not in known]


def _events(path: Path) -> Iterator[_Event]:
    """Decode the lines, except a last one that a crash truncated."""
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    for row in text.splitlines():
        with contextlib.suppress(msgspec.DecodeError):
            yield msgspec.json.decode(row, type=_Event)


def _stacks(path: Path) -> str:
    """The stack of each process, pytest-xdist workers before their controller."""
    texts = [
        file.read_text(encoding="utf-8", errors="replace") for file in stack_files(path)
    ]
    return "\n".join(text.strip() for text in texts if text.strip())


class _Reader:
    """Reader of the events of one or more runs of pytest, in order."""

    def __init__(self) -> None:
        self.run = TestRun()
        self.open_runs = 0
        self.number = 0
        self.started: dict[str, _Event] = {}
        # The attempts at each test, by the run of pytest and its worker.
        self.attempts: dict[str, dict[tuple[int, str], list[list[_Event]]]] = {}

    def read(self, event: _Event) -> None:
        """Read one event."""
        run = self.run
        if event.event == "begin":
            self.open_runs += 1
            self.number += 1
        elif event.event == "start":
            self.started[event.id] = event
        elif event.event == "phase":
            self._read_phase(event)
        elif event.event == "collection":
            run.selected |= dict.fromkeys(event.selected)
            run.deselected |= dict.fromkeys(event.deselected)
            run.elsewhere |= dict.fromkeys(event.elsewhere)
            run.units.add(self.number, event.here_units, event.other_units)
            run.files |= set(event.files)
            run.patterns |= set(event.patterns)
        elif event.event == "collect" and event.outcome == "failed":
            run.collection.append(_collection_error(event))
        elif event.event == "collect":
            run.skipped_files.append(_skipped_file(event))
        elif event.event == "note":
            run.notes.append(event.message)
        elif event.event == "finish":
            self.open_runs -= 1
            run.finished = True
            run.code = event.code if run.code in _HARMLESS else run.code
            run.collected += event.collected

    def _read_phase(self, event: _Event) -> None:
        key = (self.number, event.worker)
        attempts = self.attempts.setdefault(event.id, {}).setdefault(key, [])
        if not attempts or event.when == "setup":
            attempts.append([])
        attempts[-1].append(event)
        if event.when == "teardown":
            self.started.pop(event.id, None)

    def end(self) -> TestRun:
        """Merge the attempts at each test."""
        run = self.run
        run.finished = run.finished and self.open_runs <= 0
        for name, places in self.attempts.items():
            joined = [
                _join(attempts)
                for attempts in places.values()
                # A crashed worker, or a forked process, has only one phase.
                if _is_over(attempts[-1])
            ]
            if joined:
                self.started.pop(name, None)
                joined.sort(key=lambda test: _WORST_FIRST.index(test.outcome))
                run.tests.append(joined[0])
            phases = [p for at in places.values() for phases in at for p in phases]
            if any(p.outcome != "skipped" or p.xfail for p in phases if _is_call(p)):
                run.executed.add(name)
        run.running = [
            TestCase(id=event.id, outcome="running", path=event.path, line=event.line)
            for event in self.started.values()
        ]
        run.deselected = {
            name: None for name in run.deselected if name not in self.attempts
        }
        return run


def read_events(path: Path) -> TestRun:
    """Read the events, and the stacks that were written at the timeout."""
    reader = _Reader()
    for event in _events(path):
        reader.read(event)
    run = reader.end()
    run.stack = _stacks(path)
    return run


def _is_call(phase: _Event) -> bool:
    """Whether the test's own code was reached, or one of its fixtures failed."""
    return phase.when not in ("setup", "teardown") or phase.outcome == "failed"


def _is_over(phases: Sequence[_Event]) -> bool:
    return any(p.when == "teardown" or p.outcome == "failed" for p in phases)


def _join(attempts: Sequence[Sequence[_Event]]) -> TestCase:
    """Merge the attempts at one test: the last one counts.

    An attempt that will be repeated has a separate outcome, such as rerun. A failed
    attempt is another test with the same id, or was never repeated.
    """
    failed = (a for a in attempts[:-1] if any(p.outcome == "failed" for p in a))
    test = _test_case(next(failed, attempts[-1]))
    again = any(
        phase.outcome not in ("passed", "skipped")
        for phases in attempts[:-1]
        for phase in phases
    )
    if not again or test.outcome not in ("passed", "xpassed"):
        return test
    first = next(p for p in attempts[0] if p.outcome not in ("passed", "skipped"))
    message = f"passed on attempt {len(attempts)}; before: {first.message}"
    return replace(test, outcome="flaky", message=message)


def _test_case(attempt: Sequence[_Event]) -> TestCase:
    """Merge the phases of one attempt: the worst outcome counts.

    A part of a test (a subtest) counts only if it failed.
    """
    seconds = sum(phase.seconds for phase in attempt if not phase.part)
    phases = [p for p in attempt if not p.part or p.outcome == "failed"] or attempt
    worst = next((p for p in phases if p.outcome not in ("passed", "skipped")), None)
    if worst is not None:
        outcome = "failed" if worst.when == "call" else "error"
    else:
        worst = next((p for p in phases if p.outcome == "skipped"), phases[0])
        outcome = worst.outcome
        expected = next((phase for phase in phases if phase.xfail), None)
        if expected is not None:
            outcome = "xfailed" if worst.outcome == "skipped" else "xpassed"
    return TestCase(
        id=worst.id,
        outcome=outcome,
        seconds=seconds,
        path=worst.path,
        line=worst.line,
        message=worst.message,
    )


def _skipped_file(event: _Event) -> TestCase:
    return TestCase(
        id=event.id or event.path,
        outcome="not-collected",
        path=event.path,
        line=event.line,
        message=event.message,
    )


# The two location formats of tracebacks: `file.py:3: ` and `File "x", line 3`.
_PLACE = re.compile(
    r"^(?:E\s+)?(?:File \")?(?P<path>(?:[A-Za-z]:)?[^\s:\"][^:\"\n]*)\"?"
    r"(?::|, line )(?P<line>\d+)",
    re.MULTILINE,
)


def named_locations(text: str) -> Iterator[tuple[str, int]]:
    """The files and lines in a traceback, the outermost first."""
    for match in _PLACE.finditer(text):
        yield match.group("path").replace("\\", "/"), int(match.group("line"))


def _collection_error(event: _Event) -> TestCase:
    """Set the line of a collection error to the one its message names for its file."""
    line = event.line
    name = event.path.rpartition("/")[2]
    for path, number in named_locations(event.message):
        if name and path.endswith(name):
            line = number
    return TestCase(
        id=event.id or event.path,
        outcome="error",
        path=event.path,
        line=line or int(bool(event.path)),
        message=event.message,
    )
