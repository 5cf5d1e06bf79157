"""The errors that end a command, each with the exit code it stands for."""

from __future__ import annotations

__all__ = ["CommandError", "ConfigurationError", "ToolError", "UsageError"]


class CommandError(Exception):
    """A command cannot go on; ``str(error)`` is written for the user.

    Attributes:
        exit_code: what the process exits with.
        next_step: what the user can do about it, one line, may be empty.
    """

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        """Keep the message and the next step."""
        super().__init__(message)
        self.hint = hint


class UsageError(CommandError):
    """The command line does not fit the command (exit 2)."""


class ConfigurationError(CommandError):
    """A configuration file holds something that is not allowed (exit 2)."""


class ToolError(CommandError):
    """Something the command needs could not be had or could not run (exit 3)."""

    exit_code = 3
