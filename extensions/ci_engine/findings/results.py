"""The results of checks: findings, one result per check, one per run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum

import msgspec

from ci_engine import __version__
from ci_engine.escaping import visible
from ci_engine.findings.benchmark_results import Comparison

# The environment of a check with the project's own command.
OWN_COMMAND = "the project's own command"


class Status(str, Enum):
    """The status of a check. Only ``passed`` and ``skipped`` allow a green run."""

    PASSED = "passed"
    FAILED = "failed"
    TIMED_OUT = "timed-out"
    NOT_RUN = "not-run"
    SKIPPED = "skipped"


class Verdict(str, Enum):
    """The verdict of a run."""

    GREEN = "green"
    RED = "red"
    ERROR = "error"

    @property
    def exit_code(self) -> int:
        """The exit code of a run with this verdict: 0, 1 or 3."""
        return {"green": 0, "red": 1, "error": 3}[self.value]

    @property
    def status(self) -> Status:
        """The status of a run with this verdict, seen as one check."""
        return {
            "green": Status.PASSED,
            "red": Status.FAILED,
            "error": Status.NOT_RUN,
        }[self.value]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One finding of a tool.

    Attributes:
        tool: the tool that found it, for example ``ruff``.
        rule: the rule as the tool names it, for example ``F401``.
        message: one or several lines of text.
        path: file relative to the repository root with ``/``, or empty.
        line: 1-based line, 0 when the finding has no line.
        column: 1-based column, 0 when unknown.
        severity: ``error`` or ``warning``.
        test: id of the failing test, empty for everything else.
        fingerprint: stable identifier, see ``fingerprints``.
        known: whether the baseline contains it.
        score: how severe a security issue is, 0.0 to 10.0 as CVSS; None for
            everything else.
        help_url: the explanation of the rule.
        confidence: how sure the tool is: high, medium, low, or empty.
        fix: how to fix it, for example the fixed version, if known.
        also: other names of the same issue: aliases of an advisory, and the tool and
            rule of other scanners that found it.
        waiver: why it is accepted temporarily, from the project's waivers.
    """

    tool: str
    rule: str
    message: str
    path: str = ""
    line: int = 0
    column: int = 0
    severity: str = "error"
    test: str = ""
    fingerprint: str = ""
    known: bool = False
    score: float | None = None
    help_url: str = ""
    confidence: str = ""
    fix: str = ""
    also: tuple[str, ...] = ()
    waiver: str = ""

    @property
    def location(self) -> str:
        """``path:line:column``, without unknown parts."""
        parts = [visible(self.path), *(str(n) for n in (self.line, self.column) if n)]
        return ":".join(parts) if self.path else ""

    @property
    def label(self) -> str:
        """The rule, and the id of the test if a test failed."""
        return f"{self.rule} {self.test}".rstrip()

    @property
    def headline(self) -> str:
        """The most informative line of the message."""
        return headline(self.message)

    @property
    def hint(self) -> str:
        """The hint in the message, if it has one."""
        lines = self.message.splitlines()
        return next((line for line in lines if line.startswith("hint: ")), "")

    @property
    def accepted(self) -> bool:
        """Whether the baseline contains it or a waiver applies."""
        return self.known or bool(self.waiver)


class TestCase(msgspec.Struct, frozen=True, kw_only=True):
    """One test as reported by pytest.

    Attributes:
        id: pytest's node id.
        outcome: passed, failed, error, flaky (passed at a later attempt), xfailed,
            xpassed, skipped, deselected, not-collected (by pytest) or not-run.
        seconds: duration of setup, call and teardown together.
        path: file relative to the repository root, may be empty.
        line: 1-based line of the failure, or of the test itself.
        message: why it failed or was skipped.
    """

    __test__ = False

    id: str
    outcome: str
    seconds: float = 0.0
    path: str = ""
    line: int = 0
    message: str = ""


class CheckResult(msgspec.Struct, kw_only=True):
    """The result of one check.

    Attributes:
        id: the check, for example ``lint``.
        tier: the tier that added the check to the run.
        status: the status of the check.
        seconds: wall time.
        findings: all of its findings.
        new: the number of findings that are not in the baseline.
        baseline: the number of findings in the baseline.
        reason: why it was skipped, did not run or failed as a whole.
        rerun: the command that repeats this check.
        blocking: whether its failure fails the run.
        tool: name and version of the tool that decided.
        environment: the environment of that tool.
        notes: remarks that are needed to interpret the result.
        tests: the tests that ran, for the check ``test``.
        coverage: measured percentage of covered code, if measured.
        output: the last lines of the tool's output, if they explain the result.
        comparison: the benchmarks of both sides, for the check ``benchmarks``.
    """

    id: str = ""
    tier: str = ""
    status: Status = Status.PASSED
    seconds: float = 0.0
    findings: list[Finding] = msgspec.field(default_factory=list[Finding])
    new: int = 0
    baseline: int = 0
    reason: str = ""
    rerun: str = ""
    blocking: bool = True
    tool: str = ""
    environment: str = ""
    notes: list[str] = msgspec.field(default_factory=list[str])
    tests: list[TestCase] = msgspec.field(default_factory=list[TestCase])
    coverage: float | None = None
    output: str = ""
    comparison: Comparison | None = None

    @property
    def green(self) -> bool:
        """Whether this result allows a green run."""
        return not self.blocking or self.status in (Status.PASSED, Status.SKIPPED)


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """The subject of a run; unknown parts are empty.

    Attributes:
        project: its name, or that of its directory.
        commit: its hash; with "-dirty" if the work tree differs from it.
        date: the day of the run, as in 2026-01-31.
    """

    project: str = ""
    branch: str = ""
    commit: str = ""
    date: str = ""


class RunResult(msgspec.Struct, kw_only=True):
    """The result of a whole command, written as ``result.json``.

    Attributes:
        schema: version of this format.
        command: the command, for example ``gate``.
        verdict: green, red or error.
        python: version of the project's interpreter that ran the checks.
        checks: one result per check, in the order of the tier.
        framework: version of the engine.
        tier: the requested tier, empty for other commands than the gate.
        level: the level of a scan, empty for every other command.
        environment: the environments that were used.
        seconds: wall time of the run.
        notes: remarks about the run as a whole.
        package: the package that was checked; empty = the whole repository.
        subject: what was checked, and when.
        advisory: whether failures never fail the run.
    """

    schema: int = 1
    command: str
    verdict: Verdict
    python: str
    checks: list[CheckResult]
    framework: str = ""
    tier: str = ""
    level: str = ""
    environment: str = ""
    seconds: float = 0.0
    notes: list[str] = msgspec.field(default_factory=list[str])
    package: str = ""
    subject: Subject = Subject()
    advisory: bool = False


def headline(text: str) -> str:
    """The most informative line of a message: pytest marks it with ``E``."""
    lines = [line for line in text.splitlines() if line.strip()]
    marked = [line[1:].strip() for line in lines if line.startswith("E  ")]
    return (marked or [*lines, ""])[0].strip()[:300]


def name_some(names: Sequence[str], most: int) -> str:
    """The first of several names, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Errors before warnings, then by location."""
    return sorted(
        findings, key=lambda f: (f.severity != "error", f.path, f.line, f.column)
    )


def verdict_of(checks: list[CheckResult]) -> Verdict:
    """Judge a run: red outweighs error, and no checks at all is an error."""
    blocking = [check for check in checks if not check.green]
    if any(check.status in (Status.FAILED, Status.TIMED_OUT) for check in blocking):
        return Verdict.RED
    if blocking or not checks:
        return Verdict.ERROR
    return Verdict.GREEN


def make_result(
    command: str,
    checks: list[CheckResult],
    seconds: float = 0.0,
    environment: str = "",
    python: str = "",
) -> RunResult:
    """The result of a command from the results of its checks."""
    return RunResult(
        command=command,
        verdict=verdict_of(checks),
        python=python,
        checks=checks,
        framework=__version__,
        environment=environment,
        seconds=seconds,
    )


def unfinished(names: Iterable[str]) -> list[CheckResult]:
    """The results for reports until the run is complete."""
    reason = "interrupted: the run did not complete"
    return [
        CheckResult(id=name, status=Status.NOT_RUN, reason=reason) for name in names
    ]
