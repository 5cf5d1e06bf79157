"""Run unittest and write events as lines of JSON.

It runs in the project's interpreter: standard library only. The lines have the format
of the engine's pytest plugin, so that one reader understands both.

Usage: ``python unittest_events.py EVENTS ARGUMENT...``, arguments as for unittest.
"""

from __future__ import annotations

import json
import sys
import time
import unittest
from pathlib import Path
from types import TracebackType
from typing import IO, Union

# ruff: noqa: N802 - the names are those that unittest calls

_Error = Union[
    "tuple[type[BaseException], BaseException, TracebackType]",
    "tuple[None, None, None]",
]


class Events(unittest.TestResult):
    """Records each test when it starts and ends."""

    stream_of_events: IO[str]

    def __init__(self, *_: object, **__: object) -> None:
        """Accept whatever a runner of unittest passes."""
        super().__init__()
        self.begun = 0.0
        self.running = ""
        self.worst: tuple[str, str, bool] = ("passed", "", False)

    def write(self, **event: object) -> None:
        """Write one event and flush it."""
        self.stream_of_events.write(json.dumps(event) + "\n")
        self.stream_of_events.flush()

    def startTest(self, test: unittest.TestCase) -> None:
        """Record that a test is running."""
        super().startTest(test)
        self.begun = time.monotonic()
        self.running = test.id()
        self.worst = ("passed", "", False)
        self.write(event="start", id=test.id())

    def stopTest(self, test: unittest.TestCase) -> None:
        """Record how the test ended."""
        super().stopTest(test)
        self.running = ""
        outcome, message, expected = self.worst
        self.write(
            event="phase",
            id=test.id(),
            when="call",
            outcome=outcome,
            xfail=expected,
            seconds=time.monotonic() - self.begun,
            message=message,
        )
        self.write(event="phase", id=test.id(), when="teardown", outcome="passed")

    def addError(self, test: unittest.TestCase, err: _Error) -> None:
        """Record an error; one outside of a test, as in setUpClass, counts as one."""
        super().addError(test, err)
        message = self.errors[-1][1]
        # The placeholder for setUpClass and the like is never started.
        if test.id() != self.running:
            name = test.id()
            self.write(event="start", id=name)
            self.write(
                event="phase", id=name, when="setup", outcome="failed", message=message
            )
            self.write(event="phase", id=name, when="teardown", outcome="passed")
        self.worst = ("failed", message, False)

    def addFailure(self, test: unittest.TestCase, err: _Error) -> None:
        """Record a failure."""
        super().addFailure(test, err)
        self.worst = ("failed", self.failures[-1][1], False)

    def addSubTest(
        self,
        test: unittest.TestCase,
        subtest: unittest.TestCase,
        err: _Error | None,
    ) -> None:
        """Record a subtest; a failed one fails the test."""
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.worst = ("failed", str(err[1]), False)

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        """Record the reason of a skip."""
        super().addSkip(test, reason)
        self.worst = ("skipped", reason, False)

    def addExpectedFailure(self, test: unittest.TestCase, err: _Error) -> None:
        """Record an expected failure."""
        super().addExpectedFailure(test, err)
        self.worst = ("skipped", "", True)

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:
        """Record an unexpected success."""
        super().addUnexpectedSuccess(test)
        self.worst = ("passed", "", True)


class Runner:
    """The runner for ``unittest.main``."""

    def run(self, test: unittest.TestSuite | unittest.TestCase) -> Events:
        """Run all tests and record the end."""
        result = Events()
        result.write(event="begin")
        test(result)
        code = 0 if result.wasSuccessful() else 1
        result.write(event="finish", code=code, collected=result.testsRun)
        return result


def main() -> None:
    """Run unittest like its own command."""
    # Like ``python -m unittest``: the current directory comes first.
    sys.path[0] = ""
    with Path(sys.argv[1]).open("w", encoding="utf-8") as stream:
        Events.stream_of_events = stream
        words = ["python -m unittest", *sys.argv[2:]]
        unittest.main(module=None, argv=words, testRunner=Runner())


if __name__ == "__main__":
    main()
