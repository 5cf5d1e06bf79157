"""Write output files atomically, in a directory that git ignores."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from ci_engine.errors import ToolError
from ci_engine.processes.leftovers import is_running

# The output of all commands, and files that the tests leave beside it.
_REPORTS = (
    *("result.json", "junit.xml", "results.sarif", "summary.md", "report.html"),
    *("sbom.cdx.json", "trend.html", "trend.json", "trend.md"),
)
_MEASURED = ("coverage.json", "coverage.xml", ".coverage", "pytest-output.txt")


def discard_reports(directory: Path, *, ours: bool) -> None:
    """Remove the reports of an earlier run, so that a refused run leaves none.

    Reports of the tests are removed only if no other process writes them: ``ours``.

    Raises:
        ToolError: if one cannot be removed.
    """
    try:
        for name in (*_REPORTS, *(_MEASURED if ours else ())):
            (directory / name).unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(directory, error) from error


def prepare_directory(directory: Path, repository_output: Path) -> None:
    """Create a directory for output; ours in the repository is ignored by git.

    Raises:
        ToolError: if it cannot be created or written.
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


@contextmanager
def directory_of_run(output: Path, reports: Path) -> Generator[Path]:
    """A directory for one run only, whose files become reports at its end.

    There, neither another run in the same checkout nor a test that deletes the reports
    can reach them. Leftovers of killed runs are removed.
    """
    parent = output / "running"
    try:
        prepare_directory(parent, output)
    except ToolError:
        # The reports may be in a location where the repository's output cannot be.
        parent = reports / "running"
        prepare_directory(parent, output)
    for other in parent.iterdir():
        process = other.name.partition("-")[0]
        if process.isdecimal() and not is_running(int(process)):
            shutil.rmtree(other, ignore_errors=True)
    directory = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=parent))
    try:
        yield directory
        prepare_directory(reports, output)
        _move_files(directory, reports)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        with suppress(OSError):
            parent.rmdir()


def _move_files(source: Path, destination: Path) -> None:
    try:
        for path in sorted(source.rglob("*")):
            target = destination / path.relative_to(source)
            if path.is_dir():
                target.mkdir(exist_ok=True)
            else:
                shutil.move(path, target)
    except OSError as error:
        raise _unwritable(destination, error) from error


def _unwritable(directory: Path, error: OSError) -> ToolError:
    return ToolError(
        f"{directory}: cannot write there: {error.strerror}",
        hint="make the directory writable, or choose another --report-dir",
    )


def write_text(path: Path, text: str) -> None:
    """Write a file atomically.

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
            hint="free disk space, or make the directory writable",
        ) from error
