"""A check that the project does with a command of its own."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from ci_engine.checks.context import Context, not_run, not_run_because, timed_out
from ci_engine.configuration.settings import CheckName
from ci_engine.configuration.value_types import Command
from ci_engine.environments.environment import Environment
from ci_engine.errors import ConfigurationError
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.processes.programs import Outcome, run_program

__all__ = ["check", "run_own_command", "words_of"]


def words_of(name: CheckName, command: Command) -> list[str]:
    """Split a command into words as a POSIX shell would; no shell runs it.

    Raises:
        ConfigurationError: if a quotation is not closed.
    """
    if not isinstance(command, str):
        return list(command)
    try:
        return shlex.split(command)
    except ValueError as error:
        raise ConfigurationError(
            f"key tool.ci-framework.commands.{name}: found {command!r}: {error}"
        ) from error


def run_own_command(
    name: CheckName,
    command: Command,
    context: Context,
    extra: Mapping[str, str] | None = None,
) -> Outcome | CheckResult:
    """Run the command in the project's environment, or say why it cannot run."""
    environment = context.environment
    if not isinstance(environment, Environment):
        return not_run_because(name, environment)
    outcome = run_program(
        [*environment.prefix, *words_of(name, command)],
        cwd=context.project.root,
        timeout=context.timeout(name),
        variables={**environment.variables, **(extra or {})},
        cancel=context.cancel,
    )
    if outcome.missing:
        return not_run(name, outcome.missing)
    return outcome


def check(name: CheckName, command: Command, context: Context) -> CheckResult:
    """Judge the command by its exit code."""
    outcome = run_own_command(name, command, context)
    if isinstance(outcome, CheckResult):
        return outcome
    if outcome.timed_out:
        return timed_out(name, outcome)
    words = words_of(name, command)
    result = CheckResult(
        id=name,
        tool=words[0],
        environment="the project's own command",
        output=outcome.tail(30),
    )
    if outcome.code != 0:
        result.status = Status.FAILED
        message = outcome.tail(10) or outcome.describe_exit()
        result.findings = [Finding(tool=words[0], rule=name, message=message)]
    return result
