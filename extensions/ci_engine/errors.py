"""The errors that end a command, each with its exit code."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class CommandError(Exception):
    """A command cannot go on; ``str(error)`` is written for the user.

    Attributes:
        exit_code: what the process exits with.
        hint: what the user can do about it, one line, may be empty.
    """

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        """Keep the message and the hint."""
        super().__init__(message)
        self.hint = hint


class UsageError(CommandError):
    """The command line is wrong (exit 2)."""


class ConfigurationError(CommandError):
    """A configuration file holds something that is not allowed (exit 2)."""


class ToolError(CommandError):
    """Something the command needs is missing or could not run (exit 3)."""

    exit_code = 3


def suggest(name: str, known: Iterable[str]) -> str:
    """What to add to a message about an unknown name: a similar one, or all of them."""
    names = sorted(known)
    # Prefixes that all names share would make any two of them similar.
    bare = {each.lstrip("-").removeprefix("CI_FRAMEWORK_"): each for each in names}
    wanted = name.lstrip("-").removeprefix("CI_FRAMEWORK_")
    near = difflib.get_close_matches(wanted, bare, 1)
    if near:
        return f"did you mean {bare[near[0]]!r}?"
    return f"known: {', '.join(names)}" if names else "there is none"
