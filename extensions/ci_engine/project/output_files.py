"""Files the engine writes: whole or not at all, in a place git ignores."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ci_engine.errors import ToolError

# What every command writes, and what the tests leave beside it.
_REPORTS = (
    *("result.json", "junit.xml", "results.sarif", "summary.md", "report.html"),
    "sbom.cdx.json",
)
_MEASURED = ("coverage.json", "coverage.xml", ".coverage", "pytest-output.txt")


def discard_reports(directory: Path, *, ours: bool) -> None:
    """Remove the reports of an earlier run: one that is refused leaves none.

    Those of the tests go only where no other process writes: ``ours``.

    Raises:
        ToolError: if one cannot be removed.
    """
    try:
        for name in (*_REPORTS, *(_MEASURED if ours else ())):
            (directory / name).unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(directory, error) from error


def prepare_directory(directory: Path, repository_output: Path) -> None:
    """Make a directory for output; ours below the repository is ignored by git.

    Raises:
        ToolError: if it cannot be made or written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        ignore = repository_output / ".gitignore"
        if directory.is_relative_to(repository_output) and not ignore.exists():
            write_text(ignore, "*\n")
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise _unwritable(directory, error) from error


def _unwritable(directory: Path, error: OSError) -> ToolError:
    return ToolError(
        f"{directory}: cannot write there: {error.strerror}",
        hint="make the directory writable, or choose another --report-dir",
    )


def write_text(path: Path, text: str) -> None:
    """Write a file so that nobody ever sees half of it.

    Raises:
        ToolError: if it cannot be written, for example on a full disk.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise ToolError(
            f"{path}: cannot be written: {error.strerror}",
            hint="make room or make the directory writable",
        ) from error
