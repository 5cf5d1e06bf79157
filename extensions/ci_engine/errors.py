"""The errors that end a command, each with its exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable

# The exit codes of shells for SIGINT and SIGPIPE.
_INTERRUPTED, _CLOSED_PIPE = 130, 141


class CommandError(Exception):
    """A command cannot continue; ``str(error)`` is the message for the user.

    Attributes:
        exit_code: the exit code of the process.
        hint: the next step for the user, one line, may be empty.
    """

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        """Create the error with its message and hint."""
        super().__init__(message)
        self.hint = hint


class UsageError(CommandError):
    """The command line is wrong (exit 2)."""


class ConfigurationError(CommandError):
    """A configuration file contains something invalid (exit 2)."""


class ToolError(CommandError):
    """Something that the command needs is missing or could not run (exit 3)."""

    exit_code = 3


class OfflineError(ToolError):
    """A service on the network cannot be reached (exit 3)."""


def run_to_exit_code(
    name: str, action: Callable[[], int], when_interrupted: str = ""
) -> int:
    """Run a command and convert every error to a message and an exit code.

    Args:
        name: the program and its command, as the user called them.
        action: does the work and returns the exit code.
        when_interrupted: the next step for the user after Ctrl-C.
    """
    try:
        try:
            return action()
        finally:
            # Flush now: at exit, Python would print a message for a closed pipe.
            sys.stdout.flush()
    except CommandError as error:
        _write_error(f"{name}: {error}", error.hint)
        return error.exit_code
    except KeyboardInterrupt:
        _write_error(f"{name}: interrupted", when_interrupted)
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader of our output is gone; buffered output must not fail at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _CLOSED_PIPE
    except Exception:
        # An internal error is not a verdict about the project: neither green nor red.
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
    """A hint for an unknown name: a similar name, or all of them."""
    import difflib  # noqa: PLC0415 - only for mistakes

    names = sorted(known)
    # A common prefix of all names would make any two of them similar.
    bare = {each.lstrip("-").removeprefix("CI_FRAMEWORK_"): each for each in names}
    wanted = name.lstrip("-").removeprefix("CI_FRAMEWORK_")
    near = difflib.get_close_matches(wanted, bare, 1)
    if near:
        return f"did you mean {bare[near[0]]!r}?"
    return f"known: {', '.join(names)}" if names else "there is none"
