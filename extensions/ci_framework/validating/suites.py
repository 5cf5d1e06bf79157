"""Run the project's own tests in a clone and record their outcomes."""

from __future__ import annotations

import re
import shlex
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ci_engine.checks.tests.pytest_events import TestRun, read_events
from ci_engine.configuration.command_lines import argv_of
from ci_engine.environments import inside as inside_environments
from ci_engine.environments.environment import Environment
from ci_engine.processes.programs import Outcome, run_program
from ci_framework.validating.clones import Clone, inside
from ci_framework.validating.ending import new_mark

_PLUGIN = inside_environments.DIRECTORY / "pytest_plugin"
_UNITTEST = Path(__file__).parent / "inside" / "unittest_events.py"
_MISSING = re.compile(r"ModuleNotFoundError|ImportError|fixture '\w+' not found")


@dataclass(frozen=True)
class SuiteRun:
    """One run of the tests.

    Attributes:
        outcomes: the outcome of each test, by its id.
        messages: the messages of failed tests.
        silent: whether the command reports no tests, only an exit code.
    """

    outcomes: dict[str, str]
    messages: dict[str, str]
    run: TestRun
    ended: Outcome
    silent: bool = False

    @property
    def problem(self) -> str:
        """Why this run is not usable for a comparison; empty if it is."""
        if self.ended.missing:
            return self.ended.missing
        if self.ended.timed_out:
            stood = f" in {self.run.running[0].id}" if self.run.running else ""
            return f"the tests did not finish within {self.ended.seconds:.0f} s{stood}"
        if self.silent:
            return ""
        if not self.run.finished:
            return f"the tests did not finish: {self.ended.describe_exit()}"
        if self.run.collection and not self.run.tests:
            number = len(self.run.collection)
            noun = "file" if number == 1 else "files"
            return f"{number} {noun} with tests could not be collected, so none ran"
        # pytest: 2 interrupted, 3 an error of pytest itself, 4 wrong usage.
        if not self.run.tests and self.run.code not in (0, 1, 5):
            return f"the tests did not start: exit code {self.run.code}"
        return ""

    @property
    def counts(self) -> dict[str, int]:
        """The number of tests by outcome."""
        return dict(sorted(Counter(self.outcomes.values()).items()))

    def tail(self) -> list[str]:
        """The end of the output, or of the errors during collection."""
        texts = [test.message for test in self.run.collection[:3]]
        text = "\n".join([*texts, self.ended.tail()])
        return [line for line in text.splitlines() if line.strip()][-25:]


def command_for_tests(own: str | Sequence[str], environment: Environment) -> list[str]:
    """The argument list of the tests: the project's own command, else pytest's.

    Raises:
        ConfigurationError: if a quotation in the command is not closed.
    """
    if own:
        return argv_of("test", own if isinstance(own, str) else [*own])
    pytest = environment.module("pytest")
    if pytest is not None:
        return [*pytest, "--color=no"]
    python = (*environment.prefix, environment.probe.executable)
    return [*python, "-m", "unittest", "discover"]


def shown_command(words: Sequence[str]) -> str:
    """A command for display, with any interpreter shortened to python."""
    shown = [
        "python" if Path(word).name.startswith("python") and "/" in word else word
        for word in words
    ]
    return shlex.join(shown)


def run_suite(
    clone: Clone, environment: Environment, words: Sequence[str], timeout: float
) -> SuiteRun:
    """Run the tests once; the clone is reset afterwards."""
    location = clone.root / ".ci-framework" / "validation"
    location.mkdir(parents=True, exist_ok=True)
    events = location / "events.jsonl"
    events.unlink(missing_ok=True)
    ended = run_program(
        _with_events(words, environment, events),
        cwd=clone.root,
        timeout=timeout,
        variables=inside(
            environment,
            CI_ENGINE_PYTEST_EVENTS=str(events),
            CI_ENGINE_PYTEST_DEADLINE=f"{time.time() + timeout:.2f}",
            CI_ENGINE_ROOT=str(clone.root),
            # End all processes that the tests leave behind, in whatever session.
            **new_mark(),
            PYTEST_ADDOPTS="-p ci_framework_pytest",
            PYTHONPATH=str(_PLUGIN),
        ),
    )
    silent = not events.exists() and not _reports(words)
    run = read_events(events)
    clone.reset()
    if silent:
        outcome = "passed" if ended.code == 0 else "failed"
        texts = {} if ended.code == 0 else {shown_command(words): ended.tail()}
        return SuiteRun({shown_command(words): outcome}, texts, run, ended, silent=True)
    every = [*run.collection, *run.tests]
    bad = ("failed", "error")
    return SuiteRun(
        outcomes={test.id: test.outcome for test in every},
        messages={test.id: test.message for test in every if test.outcome in bad},
        run=run,
        ended=ended,
    )


def _reports(words: Sequence[str]) -> bool:
    """Whether the output of a command names single tests."""
    return any(word.endswith(("pytest", "py.test", "unittest")) for word in words)


def _with_events(
    words: Sequence[str], environment: Environment, events: Path
) -> list[str]:
    """Let unittest report events as well, if the command is a plain call of it."""
    plain = [*words]
    if "unittest" in plain[1:] and plain[plain.index("unittest") - 1] == "-m":
        at = plain.index("unittest")
        plain[at - 1 : at + 1] = [str(_UNITTEST), str(events)]
    starts = plain[: len(environment.prefix)] == [*environment.prefix]
    return plain if starts else [*environment.prefix, *plain]


def lacks_module(run: SuiteRun) -> bool:
    """Whether tests fail because a package is missing."""
    messages = [*run.messages.values(), run.ended.tail()]
    return any(_MISSING.search(message) for message in messages)
