"""Read what the pytest plugin wrote while the tests ran."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from ci_engine.findings.results import TestCase


class _Event(msgspec.Struct):
    event: str
    id: str = ""
    when: str = ""
    outcome: str = ""
    xfail: bool = False
    seconds: float = 0.0
    path: str = ""
    line: int = 0
    message: str = ""
    code: int = 0
    collected: int = 0


# Exit codes of pytest that another run of it may replace: none, fine, no tests.
_HARMLESS = (-1, 0, 5)


@dataclass
class TestRun:
    """The tests of one run of pytest.

    Attributes:
        tests: every test that ended, in the order of the run.
        collection: files that could not be collected.
        running: tests that started and never ended, with the place they stand.
        finished: whether pytest came to its own end, each time it was started.
        code: pytest's exit code, the worst one if it was started more than once, -1
            if it did not come to its end.
        collected: how many tests pytest selected.
        stack: where the main thread was shortly before the time ran out.
        notes: what the plugin did that a reader should know.
    """

    __test__ = False

    tests: list[TestCase] = field(default_factory=list[TestCase])
    collection: list[TestCase] = field(default_factory=list[TestCase])
    running: list[TestCase] = field(default_factory=list[TestCase])
    finished: bool = False
    code: int = -1
    collected: int = 0
    stack: str = ""
    notes: list[str] = field(default_factory=list[str])

    def count(self, *outcomes: str) -> int:
        """How many tests ended in one of these ways."""
        return sum(test.outcome in outcomes for test in self.tests)


def _events(path: Path, stack: list[str]) -> Iterator[_Event]:
    """Decode the lines; what is no event was written by the watchdog: the stack."""
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    for row in text.splitlines():
        try:
            yield msgspec.json.decode(row, type=_Event)
        except msgspec.DecodeError:
            stack.append(row)


def read_events(path: Path) -> TestRun:
    """Read the events; a line that was cut short by a crash is left out."""
    run = TestRun()
    started: dict[str, _Event] = {}
    phases: dict[str, list[_Event]] = {}
    stack: list[str] = []
    open_runs = 0
    for event in _events(path, stack):
        if event.event == "begin":
            open_runs += 1
        elif event.event == "start":
            started[event.id] = event
        elif event.event == "phase":
            phases.setdefault(event.id, []).append(event)
            if event.when == "teardown":
                started.pop(event.id, None)
                run.tests.append(_test_case(phases.pop(event.id)))
        elif event.event == "collect" and event.outcome == "failed":
            run.collection.append(_collection_error(event))
        elif event.event == "note":
            run.notes.append(event.message)
        elif event.event == "finish":
            open_runs -= 1
            run.finished = True
            run.code = event.code if run.code in _HARMLESS else run.code
            run.collected += event.collected
    run.finished = run.finished and open_runs <= 0
    # pytest-xdist reports a worker that died in a phase of its own.
    dead = [
        rest for rest in phases.values() if any(p.outcome == "failed" for p in rest)
    ]
    for rest in dead:
        started.pop(rest[0].id, None)
        run.tests.append(_test_case(rest))
    run.running = [
        TestCase(id=event.id, outcome="running", path=event.path, line=event.line)
        for event in started.values()
    ]
    run.stack = "\n".join(stack)
    return run


def _test_case(phases: list[_Event]) -> TestCase:
    """Join the phases of one test: the worst one decides."""
    seconds = sum(phase.seconds for phase in phases)
    worst = next((phase for phase in phases if phase.outcome == "failed"), None)
    if worst is not None:
        outcome = "failed" if worst.when == "call" else "error"
    else:
        worst = next((p for p in phases if p.outcome == "skipped"), phases[0])
        outcome = worst.outcome
        if any(phase.xfail for phase in phases):
            outcome = "xfailed" if worst.outcome == "skipped" else "xpassed"
    return TestCase(
        id=worst.id,
        outcome=outcome,
        seconds=seconds,
        path=worst.path,
        line=worst.line,
        message=worst.message,
    )


# The two ways in which tracebacks name a place: `file.py:3: ` and `File "x", line 3`.
_PLACE = re.compile(
    r"^(?:E\s+)?(?:File \")?(?P<path>(?:[A-Za-z]:)?[^\s:\"][^:\"\n]*)\"?"
    r"(?::|, line )(?P<line>\d+)",
    re.MULTILINE,
)


def named_locations(text: str) -> Iterator[tuple[str, int]]:
    """The files and lines that a traceback names, the outermost first."""
    for match in _PLACE.finditer(text):
        yield match.group("path").replace("\\", "/"), int(match.group("line"))


def _collection_error(event: _Event) -> TestCase:
    """Give a collection error the line that its message names for its own file."""
    line = event.line
    name = event.path.rpartition("/")[2]
    for path, number in named_locations(event.message):
        if name and path.endswith(name):
            line = number
    return TestCase(
        id=event.id or event.path,
        outcome="error",
        path=event.path,
        line=line or 1,
        message=event.message,
    )
