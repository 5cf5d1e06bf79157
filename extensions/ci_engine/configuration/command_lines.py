"""Split commands in the settings into argument lists."""

from __future__ import annotations

import shlex

from ci_engine.configuration.value_types import Command
from ci_engine.errors import ConfigurationError


def argv_of(key: str, command: Command) -> list[str]:
    """Split a command into arguments as a POSIX shell does; no shell runs it.

    Args:
        key: the setting with the command, below tool.ci-framework.
        command: its value.
    """
    if not isinstance(command, str):
        return list(command)
    try:
        return shlex.split(command)
    except ValueError as error:
        raise ConfigurationError(
            f"tool.ci-framework.{key}: expected a command, got {command!r}: {error}"
        ) from error
