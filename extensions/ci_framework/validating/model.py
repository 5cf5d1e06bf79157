"""The input and the results of a validation."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from ci_engine.errors import CommandError
from ci_framework.inventory import Inventory
from ci_framework.planning.plan import Operation, Plan
from ci_framework.repository import Repository, describe

CheckStatus = Literal["passed", "failed", "not-run", "skipped"]
# validated-statically: no code of the project was run, as --static requested.
Verdict = Literal["validated", "validated-statically", "not-validated", "failed"]
EXIT_CODES: Mapping[Verdict, int] = {
    "validated": 0,
    "validated-statically": 0,
    "failed": 1,
    "not-validated": 3,
}
# The most details that a list shows; the rest is counted.
_MOST_DETAILS = 40


class _Record(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """A record of the validation: kebab-case keys in JSON."""


class Check(_Record, frozen=True):
    """The result of one check of an adoption.

    Attributes:
        part: ``static``: no code of the project ran; ``behavior``: its code ran.
        status: the result; an adoption is valid if all are passed or skipped.
    """

    name: str
    part: Literal["static", "behavior"]
    status: CheckStatus
    reason: str
    details: list[str] = []
    seconds: float = 0.0


class TestDifference(_Record, frozen=True):
    """A test with different outcomes before and after the adoption.

    Attributes:
        before: its outcomes in the base commit, run by run; empty: it is missing.
        after: its outcomes in the adopted commit, run by run.
        kind: the kind of the difference: worse, better, lost, gained or flaky.
    """

    __test__ = False

    test: str
    before: list[str]
    after: list[str]
    kind: Literal["worse", "better", "lost", "gained", "flaky"]
    message: str = ""


class TestTable(_Record, frozen=True):
    """The project's own tests before and after.

    Attributes:
        before: number of tests by outcome, in the base commit.
        after: the same in the adopted commit.
        seconds_before: wall time of the first run of the base commit.
    """

    __test__ = False

    command: str
    before: dict[str, int]
    after: dict[str, int]
    differences: list[TestDifference]
    seconds_before: float
    seconds_after: float


class ToolRow(_Record, frozen=True):
    """One of the project's own checks, before and after.

    Attributes:
        where: the file with the command.
        version: the tool's own version; may be empty.
    """

    tool: str
    command: str
    where: str
    before: str
    after: str
    version: str = ""


class Validation(_Record, frozen=True):
    """The results of a validation.

    Attributes:
        gate: the status of each check of the adopted commit's gate.
        red_today: findings before and after that no baseline may contain.
        baseline: the content of ``ci-framework/project/baseline.json`` with the
            existing findings; None if nothing needs recording.
    """

    verdict: Verdict
    base: str
    adopted: str
    checks: list[Check]
    tests: TestTable | None = None
    tools: list[ToolRow] = []
    gate: dict[str, str] = {}
    red_today: list[str] = []
    next_steps: list[str] = []
    baseline: bytes | None = None
    seconds: float = 0.0
    schema: Literal[1] = 1

    @property
    def exit_code(self) -> int:
        """The exit code of a validating command."""
        return EXIT_CODES[self.verdict]

    def check(self, name: str) -> Check | None:
        """The check with a name, None if it was not run."""
        return next((check for check in self.checks if check.name == name), None)


@dataclass(frozen=True)
class Hashes:
    """SHA-256 of one file before and after; empty if it does not exist."""

    before: str
    after: str


@dataclass(frozen=True)
class AdoptionFacts:
    """The facts about an adoption that a validation needs.

    Attributes:
        replan: plans again, for a clone of the adopted commit; None if it cannot.
        later: files that may differ from the plan because they are written after
            it, such as the baseline.
    """

    base: str
    adopted: str
    plan: Plan
    changed: Mapping[str, Hashes]
    inventory: Inventory | None = None
    replan: Callable[[Repository], list[Operation]] | None = None
    later: frozenset[str] = frozenset({"ci-framework/project/baseline.json"})

    @property
    def retired(self) -> set[str]:
        """The files that the plan removes on request."""
        return {item.path for item in self.plan.operations if item.kind == "retire"}

    @property
    def created(self) -> list[str]:
        """The files that did not exist before."""
        return [path for path, hashes in self.changed.items() if not hashes.before]

    @property
    def edited(self) -> list[str]:
        """The files of the project that were changed, not removed."""
        return [path for path, h in self.changed.items() if h.before and h.after]


@dataclass(frozen=True)
class Outcome:
    """The result of a check, without its name."""

    status: CheckStatus
    reason: str
    details: list[str] = field(default_factory=list[str])


def passed(reason: str, details: list[str] | None = None) -> Outcome:
    """Everything is as it should be."""
    return Outcome("passed", reason, shortened(details or []))


def failed(reason: str, details: list[str] | None = None) -> Outcome:
    """The adoption broke something."""
    return Outcome("failed", reason, shortened(details or []))


def not_run(reason: str, details: list[str] | None = None) -> Outcome:
    """It could not be determined, so the adoption is not valid."""
    return Outcome("not-run", reason, shortened(details or []))


def skipped(reason: str) -> Outcome:
    """There is nothing to check, or it was not requested."""
    return Outcome("skipped", reason)


def judged(faults: list[str], good: str, bad: str) -> Outcome:
    """Failed if there are problems, else passed."""
    return failed(bad, faults) if faults else passed(good)


def shortened(details: list[str]) -> list[str]:
    """The first lines, and how many more there are."""
    more = len(details) - _MOST_DETAILS
    return [*details[:_MOST_DETAILS], f"and {more} more"] if more > 0 else details


def timed(
    name: str, part: Literal["static", "behavior"], make: Callable[[], Outcome]
) -> Check:
    """Run a check and time it; if it cannot run, it is not-run, with the reason."""
    started = time.monotonic()
    try:
        outcome = make()
    except CommandError as error:
        first, _, rest = describe(error).partition("\n")
        outcome = not_run(first, rest.splitlines())
    except OSError as error:
        outcome = not_run(f"{error.filename or 'the system'}: {error.strerror}")
    return Check(
        name=name,
        part=part,
        status=outcome.status,
        reason=outcome.reason,
        details=outcome.details,
        seconds=time.monotonic() - started,
    )


def verdict_of(checks: list[Check], *, static_only: bool) -> Verdict:
    """Judge all checks: failed outweighs not-run, and no checks at all is not valid."""
    statuses = {check.status for check in checks}
    if "failed" in statuses:
        return "failed"
    if "not-run" in statuses or not checks:
        return "not-validated"
    return "validated-statically" if static_only else "validated"
