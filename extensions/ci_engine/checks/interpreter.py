"""Check that the requested Python version ran."""

from __future__ import annotations

from ci_engine.environments.environment import Environment
from ci_engine.errors import ToolError
from ci_engine.findings.results import CheckResult, Finding, Status

# The suffix of free-threaded versions, as in 3.14t.
FREE_THREADED = "t"


def check_interpreter(
    wanted: str, environment: Environment | ToolError
) -> list[CheckResult]:
    """Fail if another Python than the requested one ran: the matrix must be real."""
    if not wanted or not isinstance(environment, Environment):
        return []
    probe = environment.probe
    found = f"{probe.python}{FREE_THREADED if probe.free_threaded else ''}"
    result = CheckResult(id="python", tool=found)
    version = wanted.removesuffix(FREE_THREADED)
    fits = f"{probe.python}.".startswith(f"{version}.")
    if not fits or (version != wanted and not probe.free_threaded):
        result.status = Status.FAILED
        result.reason = f"Python {wanted} was requested, {found} ran"
        result.findings = [
            Finding(tool="ci-framework", rule="python", message=result.reason)
        ]
        result.new = 1
    return [result]
