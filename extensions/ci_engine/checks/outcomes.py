"""The possible results of a check or a scanner."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager

from ci_engine.checks.sources import is_framework_file
from ci_engine.checks.workspace import Tool
from ci_engine.errors import CommandError, OfflineError
from ci_engine.findings.not_run import mark_not_run
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.processes.network_failures import network_failure
from ci_engine.processes.programs import CanceledError, Outcome

_LONGEST_LINE = 200


class EarlyResultError(Exception):
    """A step of a check or of a scanner has determined the result early."""

    def __init__(self, result: CheckResult) -> None:
        super().__init__(result.reason)
        self.result = result


def run_guarded(
    name: str, action: Callable[[], CheckResult], canceled: Callable[[], CheckResult]
) -> CheckResult:
    """Run a check or a scanner; its errors never hide other results."""
    started = time.monotonic()
    try:
        result = action()
    except CanceledError:
        result = canceled()
    except EarlyResultError as early:
        result = early.result
    except CommandError as error:
        result = not_run_because(error)
    except Exception:
        result = not_run("an internal error of ci-framework: report it as a bug")
        result.output = traceback.format_exc()
    result.id = name
    result.seconds = time.monotonic() - started
    return result


def not_run(reason: str, outcome: Outcome | None = None) -> CheckResult:
    """It could not do its work: the run cannot be green, and exits with 3."""
    output = outcome.tail(30) if outcome is not None else ""
    return CheckResult(status=Status.NOT_RUN, reason=reason, output=output)


def not_run_because(error: CommandError) -> CheckResult:
    """It could not do its work because of an error, which is shown in full."""
    result = CheckResult()
    mark_not_run(result, error)
    return result


def refuse_offline(what: str, outcome: Outcome) -> None:
    """End the check of a program that failed because it has no network.

    Raises:
        OfflineError: if its output shows a network failure.
    """
    offline = network_failure(outcome)
    if offline:
        text = f"{what} needs the network: {offline}\n{outcome.tail(30)}"
        raise OfflineError(text)


@contextmanager
def skip_offline(*, allowed: bool) -> Generator[None]:
    """Skip a check that cannot reach the network, if that is allowed."""
    try:
        yield
    except OfflineError as error:
        if not allowed:
            raise
        reason, _, _ = str(error).partition("\n")
        raise EarlyResultError(skipped(f"--allow-offline: {reason}")) from error


def skipped(reason: str, notes: Iterable[str] = ()) -> CheckResult:
    """There was nothing to do, for the given reason."""
    return CheckResult(status=Status.SKIPPED, reason=reason, notes=list(notes))


def timed_out(outcome: Outcome) -> CheckResult:
    """The tool exceeded the time limit."""
    return CheckResult(
        status=Status.TIMED_OUT,
        reason=f"killed after {outcome.seconds:.0f} s",
        output=outcome.tail(30),
    )


def describe_failure(outcome: Outcome) -> str:
    """How a tool ended, and the last line of its error output."""
    rows = (outcome.stderr.strip() or outcome.stdout.strip()).splitlines()
    last = rows[-1].strip()[:_LONGEST_LINE] if rows else ""
    return ": ".join(filter(None, (outcome.describe_exit(), last)))


def from_findings(
    findings: Iterable[Finding],
    tool: str = "",
    environment: str = "",
    notes: Iterable[str] = (),
) -> CheckResult:
    """Failed if a finding is an error, else passed."""
    found = list(findings)
    red = any(finding.severity == "error" for finding in found)
    return CheckResult(
        status=Status.FAILED if red else Status.PASSED,
        findings=found,
        tool=tool,
        environment=environment,
        notes=list(notes),
    )


def from_tool(
    tool: Tool,
    outcome: Outcome,
    findings: Sequence[Finding] | None,
    finding_codes: tuple[int, ...] = (1,),
) -> CheckResult:
    """Judge a tool by its exit code and its findings together.

    Exit code 0 without findings of severity error passes. A code in
    ``finding_codes`` with findings fails. Everything else, including output that
    could not be read (findings is None), means that the tool did not do its work.
    """
    if outcome.timed_out:
        return timed_out(outcome)
    if findings is None:
        reason = f"{tool.name}: unusable output ({outcome.describe_exit()})"
        return not_run(reason, outcome)
    errors = any(finding.severity == "error" for finding in findings)
    consistent = outcome.code == 0 or (outcome.code in finding_codes and findings)
    if not consistent or (outcome.code == 0 and errors):
        return not_run(f"{tool.name}: {describe_failure(outcome)}", outcome)
    ours = [f for f in findings if not is_framework_file(f.path)]
    return from_findings(ours, tool.label, tool.environment)
