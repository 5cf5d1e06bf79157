"""The copy of the engine in a repository, written by `ci vendor`.

It includes a list of hashes and the engine.lock it belongs to, so that it can be
checked without access to the engine itself.
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
# Attributes for tools that examine every file of a repository.
_IGNORED = {
    "ruff.toml": '# A copy of the engine, written by `ci vendor`.\nexclude = ["*"]\n',
    "conftest.py": (
        '"""A copy of the engine, written by `ci vendor`: it has no tests."""\n\n'
        'collect_ignore_glob = ["*"]\n'
    ),
}


def locate_engine(root: Path, timeout: float) -> Path:
    """The engine package that engine.lock pins, fetched if needed.

    Raises:
        ToolError: if it is not available.
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
    """Whether the copy belongs to the current engine.lock."""
    return _hashes(folder).get(LOCK) == hash_file(folder / LOCK)


def edited_files(folder: Path, package: Path | None = None) -> list[str]:
    """The files of the copy that differ from a package, or from the recorded hashes."""
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
    """The recorded hashes; empty if `ci vendor` did not write the copy."""
    try:
        return read_hashes(folder / VENDORED / _HASHES)
    except (OSError, UnicodeDecodeError, ConfigurationError):
        return {}
