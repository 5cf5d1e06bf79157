"""Run the project's own command for a check."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from ci_engine.checks.context import Context
from ci_engine.checks.outcomes import EarlyResultError, not_run, timed_out
from ci_engine.checks.workspace import Tool
from ci_engine.configuration.command_lines import argv_of
from ci_engine.configuration.value_types import Command
from ci_engine.environments.empty_commands import never_fails
from ci_engine.findings.results import OWN_COMMAND, CheckResult, Finding, Status
from ci_engine.processes.programs import Outcome


def run_own_command(
    context: Context, command: Command, extra: Mapping[str, str] | None = None
) -> Outcome:
    """Run the command in the project's environment."""
    environment = context.prepared
    argv = (*environment.prefix, *argv_of(f"commands.{context.check}", command))
    variables = {**environment.variables, **(extra or {})}
    outcome = context.run(Tool(argv[0], "", argv, variables), ())
    if outcome.missing:
        raise EarlyResultError(not_run(outcome.missing))
    return outcome


def notes_on(command: Command) -> list[str]:
    """Notes about a command that cannot fail."""
    text = command if isinstance(command, str) else shlex.join(command)
    if not never_fails(text):
        return []
    return [f"the project's own command always exits with 0: {text}"]


def check(context: Context, command: Command) -> CheckResult:
    """Judge the command by its exit code."""
    outcome = run_own_command(context, command)
    if outcome.timed_out:
        return timed_out(outcome)
    program = argv_of(f"commands.{context.check}", command)[0]
    result = CheckResult(
        tool=program,
        environment=OWN_COMMAND,
        output=outcome.tail(30),
    )
    if outcome.code != 0:
        result.status = Status.FAILED
        message = outcome.tail(10) or outcome.describe_exit()
        result.findings = [Finding(tool=program, rule=context.check, message=message)]
    return result
