"""``ci vendor``: copy the engine into the repository, for use without a network."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Annotated

from ci_engine.commands.command import EXIT_CODES, Command, Request
from ci_engine.commands.options import DryRun, Option
from ci_engine.commands.output import print_json
from ci_engine.commands.paths import relative_directory
from ci_engine.configuration.surroundings import Surroundings
from ci_engine.errors import ToolError, UsageError
from ci_engine.findings.results import CheckResult, make_result, name_some
from ci_engine.project.output_files import prepare_directory
from ci_engine.project.repository import OUTPUT_DIRECTORY
from ci_engine.reports.console import Console
from ci_engine.reports.publishing import write_reports
from ci_engine.validation.vendored_engine import (
    FOLDER,
    VENDORED,
    copy_engine,
    edited_files,
    is_for_lock,
    locate_engine,
)

_ABOUT = """\
Copy the pinned engine into the repository, for use without a network, or remove the
copy.
"""
_FETCH_SECONDS = 600.0
_SHOWN = 5


class VendorOptions(Request, frozen=True, kw_only=True, rename="kebab"):
    """The command line of ``ci vendor``."""

    remove: Annotated[bool, Option("remove the copy: use the cache again")] = False
    dry_run: DryRun = False


def run(options: VendorOptions, surroundings: Surroundings) -> int:
    """Copy the pinned engine into the repository, or remove its copy."""
    root = surroundings.repository
    folder = root / FOLDER
    copy = folder / VENDORED
    _refuse_foreign(folder)
    check = CheckResult(id="vendor", rerun=f"{FOLDER}/ci vendor", tool="ci-framework")
    where = f"{FOLDER}/{VENDORED}"
    planned = "would be " if options.dry_run else ""
    package = None if options.remove else locate_engine(root, _FETCH_SECONDS)
    if package is not None:
        check.reason = f"the pinned engine {planned or 'was '}copied to {where}"
    elif copy.is_dir():
        check.reason = f"{where} {planned or 'was '}removed"
    else:
        check.reason = f"nothing to remove: there is no {where}"
    result = make_result("vendor", [check], surroundings.seconds)
    console = Console(surroundings.variables, as_json=options.json)
    output = root / OUTPUT_DIRECTORY
    reports = surroundings.reports(options.report_dir, "vendor")
    if options.dry_run:
        if options.json:
            print_json(result)
        else:
            console.check(check)
        return 0
    prepare_directory(output, output)
    prepare_directory(reports, output)
    # Load all modules needed later before the copy is removed: the running engine may
    # be that copy.
    write_reports(result, reports)
    if package is not None:
        _replace(folder, package, output)
    elif copy.is_dir():
        _discard(copy, output)
    console.check(check)
    console.conclude(result, relative_directory(reports, surroundings))
    return result.verdict.exit_code


def _refuse_foreign(folder: Path) -> None:
    """Refuse to replace files that `ci vendor` did not write."""
    copy = folder / VENDORED
    if not copy.exists() and not copy.is_symlink():
        return
    edited = edited_files(folder) if copy.is_dir() and not copy.is_symlink() else [""]
    if edited:
        shown = name_some([f"{FOLDER}/{path or VENDORED}" for path in edited], _SHOWN)
        raise UsageError(
            f"{FOLDER}/{VENDORED} contains files that `ci vendor` did not write: "
            f"{shown}",
            hint=f"remove {FOLDER}/{VENDORED} yourself, then repeat this command",
        )


def _replace(folder: Path, package: Path, output: Path) -> None:
    """Replace the copy atomically."""
    copy = folder / VENDORED
    if copy.is_dir() and is_for_lock(folder) and not edited_files(folder, package):
        return
    with tempfile.TemporaryDirectory(dir=output, ignore_cleanup_errors=True) as scratch:
        fresh = Path(scratch, VENDORED)
        try:
            copy_engine(package, folder, fresh)
            if copy.is_dir():
                copy.rename(Path(scratch, "old"))
            fresh.rename(copy)
        except OSError as error:
            raise ToolError(
                f"{copy}: cannot be written: {error.strerror}",
                hint="free disk space, or make the directory writable",
            ) from error


def _discard(copy: Path, output: Path) -> None:
    """Remove the copy: rename it first, then delete its files."""
    scratch = Path(tempfile.mkdtemp(dir=output))
    try:
        copy.rename(scratch / "old")
        shutil.rmtree(scratch)
    except OSError as error:
        raise ToolError(f"{copy}: cannot be removed: {error.strerror}") from error


COMMAND = Command(
    VendorOptions, run, _ABOUT, {0: "done", 2: EXIT_CODES[2], 3: EXIT_CODES[3]}
)
