"""The errors that end a command, each with its exit code."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Callable, Iterable

# As shells report SIGINT and SIGPIPE.
_INTERRUPTED, _CLOSED_PIPE = 130, 141


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


class OfflineError(ToolError):
    """A service on the network cannot be reached (exit 3)."""


def run_to_exit_code(
    name: str, action: Callable[[], int], when_interrupted: str = ""
) -> int:
    """Run a command; whatever ends it is a message and an exit code.

    Args:
        name: the program and its command, as the user called them.
        action: does the work and returns the exit code.
        when_interrupted: what the user can do after Ctrl-C.
    """
    try:
        try:
            return action()
        finally:
            # Now: when the interpreter ends, a closed pipe gives a message of its own.
            sys.stdout.flush()
    except CommandError as error:
        _write_error(f"{name}: {error}", error.hint)
        return error.exit_code
    except KeyboardInterrupt:
        _write_error(f"{name}: interrupted", when_interrupted)
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader of our output is gone; what is buffered must not fail at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _CLOSED_PIPE
    except Exception:
        # A defect of ours is no verdict about the project: not green, and not red.
        import traceback  # noqa: PLC0415 - only for our defects

        traceback.print_exc()
        hint = "report it at https://github.com/MementoRC/ci-framework/issues"
        _write_error("this is an error of ci-framework itself", hint)
        return ToolError.exit_code


def _write_error(message: str, hint: str) -> None:
    sys.stderr.write(f"{message}\n")
    if hint:
        sys.stderr.write(f"hint: {hint}\n")


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
