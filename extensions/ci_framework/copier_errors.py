"""Convert Copier's exceptions to errors of the companion."""

from __future__ import annotations

import subprocess
import traceback
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from ci_engine.errors import ConfigurationError, ToolError

# The start of Copier's message for an invalid answer.
_REFUSALS = ("Validation error for question", "Invalid choice for", "Question ")


@contextmanager
def copier_errors_as(
    failure: Callable[[Exception], ToolError],
) -> Generator[None, None, None]:
    """Run Copier; convert its errors to a refused answer, or the given failure.

    Raises:
        ConfigurationError: if the template rejects an answer.
        ToolError: for everything else that Copier or its git reports.
    """
    # Importing it takes long, and most commands render nothing.
    from copier.errors import CopierError  # noqa: PLC0415

    try:
        yield
    except ValueError as error:
        if not str(error).startswith(_REFUSALS):
            raise failure(error) from error
        raise ConfigurationError(
            f"the template rejects an answer: {' '.join(str(error).split())}",
            hint="correct it with --answer NAME=VALUE or in the answers file",
        ) from error
    except (CopierError, OSError, subprocess.SubprocessError) as error:
        raise failure(error) from error
    except TypeError as error:
        # Copier silently converts an answer of the wrong type.
        last = traceback.extract_tb(error.__traceback__)[-1]
        if "copier" not in Path(last.filename).parts:
            raise
        raise ConfigurationError(
            f"the template rejects an answer of the wrong type{_question(error)}: "
            f"{last_line(error)}",
            hint="give a list such as [a, b] where a question takes several values",
        ) from error
    except Exception as error:
        # The errors of plumbum, which Copier uses to run git, have no common base.
        if type(error).__module__.partition(".")[0] != "plumbum":
            raise
        raise failure(error) from error


def _question(error: TypeError) -> str:
    """The question that Copier was processing, which its error does not name."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        name = getattr(frame.f_locals.get("self"), "var_name", "")
        if name:
            return f" to {name}"
    return ""


def last_line(error: Exception) -> str:
    """The last line of an error, where programs put the reason."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[-1].strip()
