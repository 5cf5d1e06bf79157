"""The copy of the engine that a repository may hold: `ci vendor` writes it.

A list of hashes in it says which files were written, and for which engine.lock: so it
can be checked where the engine itself cannot be had.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from ci_engine.errors import ConfigurationError, ToolError
from ci_engine.processes.programs import run_program
from ci_engine.validation.file_hashes import (
    files_below,
    hash_file,
    read_hashes,
    write_hashes,
)

FOLDER = "ci-framework"
LOCK = "engine.lock"
VENDORED = "ci_engine"
_HASHES = "files.sha256"
# For tools that look at every file of a repository.
_IGNORED = {
    "ruff.toml": '# A copy of the engine, written by `ci vendor`.\nexclude = ["*"]\n',
    "conftest.py": (
        '"""A copy of the engine, written by `ci vendor`: it has no tests."""\n\n'
        'collect_ignore_glob = ["*"]\n'
    ),
}


def locate_engine(root: Path, timeout: float) -> Path:
    """The package of the engine that engine.lock pins; it is fetched if need be.

    Raises:
        ToolError: if it cannot be had.
    """
    folder = root / FOLDER
    command = [sys.executable, "-I", str(folder / "bootstrap"), "--locate"]
    outcome = run_program(command, cwd=root, timeout=timeout)
    if outcome.code != 0:
        text = outcome.stderr.strip().removeprefix("ci: ") or outcome.describe_exit()
        message, _, hint = text.partition("\nhint: ")
        raise ToolError(message, hint=hint)
    return Path(outcome.stdout.rstrip("\n")) / VENDORED


def copy_engine(package: Path, folder: Path, target: Path) -> None:
    """Copy an engine to a directory, with the hashes of all its files."""
    shutil.copytree(package, target, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in _IGNORED.items():
        (target / name).write_text(text, encoding="utf-8", newline="\n")
    hashes = {**_hashes_of(target), LOCK: hash_file(folder / LOCK)}
    write_hashes(target / _HASHES, hashes)


def _hashes_of(package: Path) -> dict[str, str]:
    """The hashes of an engine's files, by their paths in the copy."""
    return {
        f"{VENDORED}/{path.relative_to(package).as_posix()}": hash_file(path)
        for path in files_below(package)
    }


def is_for_lock(folder: Path) -> bool:
    """Whether the copy was made for the engine.lock that is there now."""
    return _hashes(folder).get(LOCK) == hash_file(folder / LOCK)


def edited_files(folder: Path, package: Path | None = None) -> list[str]:
    """The files of the copy that differ from a package, else from what was written."""
    expected = _hashes(folder) if package is None else _hashes_of(package)
    expected.pop(LOCK, None)
    found = _hashes_of(folder / VENDORED)
    added = [_HASHES, *(_IGNORED if package is not None else ())]
    ours = {f"{VENDORED}/{name}" for name in added}
    return sorted(
        path
        for path in {*expected, *found} - ours
        if expected.get(path) != found.get(path)
    )


def _hashes(folder: Path) -> dict[str, str]:
    """The recorded hashes; none if `ci vendor` did not write the copy."""
    try:
        return read_hashes(folder / VENDORED / _HASHES)
    except (OSError, UnicodeDecodeError, ConfigurationError):
        return {}
