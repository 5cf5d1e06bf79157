"""Which interpreter and environment gave the verdict of a gate."""

from __future__ import annotations

from ci_engine.environments.environment import Environment
from ci_engine.errors import ToolError
from ci_engine.findings.results import CheckResult, Finding, Status


def check_interpreter(
    wanted: str, environment: Environment | ToolError
) -> list[CheckResult]:
    """Another interpreter than the requested one is red: the matrix is real."""
    if not wanted or not isinstance(environment, Environment):
        return []
    found = environment.probe.python
    result = CheckResult(id="python", tool=found)
    if not f"{found}.".startswith(f"{wanted}."):
        result.status = Status.FAILED
        result.reason = f"Python {wanted} was requested, {found} ran"
        result.findings = [
            Finding(tool="ci-framework", rule="python", message=result.reason)
        ]
        result.new = 1
    return [result]


def python_of(environment: Environment | ToolError) -> str:
    """The version of the interpreter, empty if there is none."""
    return environment.probe.python if isinstance(environment, Environment) else ""


def name_of(environment: Environment | ToolError) -> str:
    """The environment that gave the verdict, and why it is not the declared one."""
    if isinstance(environment, ToolError):
        return ""
    because = f"; {environment.substitute}" if environment.substitute else ""
    return f"{environment.name}{because}"
