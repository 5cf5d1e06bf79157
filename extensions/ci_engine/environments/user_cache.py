"""The user's cache, which contains everything that the framework installs.

It is never in the repository, where a commit could replace the engine or a tool. Only
the standard library is used here, because the packages of the engine come from this
cache as well.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Generator, Mapping
from functools import cache
from pathlib import Path

from ci_engine.errors import ToolError
from ci_engine.escaping import log_lines
from ci_engine.processes.file_lock import file_lock

CACHE_VARIABLE = "CI_FRAMEWORK_CACHE"
_NAME = "ci-framework"
_NEXT = f"set {CACHE_VARIABLE} to a directory outside the repository"
# uv searches all parent directories for configuration. These files stop the search
# here; the user's own configuration, elsewhere, still applies.
_ENDS = ("pyproject.toml", "uv.toml")


def cache_location(
    repository: Path,
    variables: Mapping[str, str] = os.environ,
    platform: str = sys.platform,
) -> Path | None:
    """The location of the cache, which may not exist; None if the user has none."""
    chosen = variables.get(CACHE_VARIABLE, "")
    usual = _usual_location(variables, platform)
    named = Path(chosen) if chosen else None
    for name, path in ((CACHE_VARIABLE, named), ("the user's cache", usual)):
        if path is None:
            continue
        if path.is_absolute() and _is_safe(path, _top(repository)):
            return path
        _warn(
            f"{name}: expected an absolute path outside the repository, to a "
            f"directory that belongs to you, got {path}; it is ignored"
        )
    return None


def cache_directory(repository: Path) -> Path:
    """The cache directory; a private one for this run if none is writable."""
    location = cache_location(repository)
    if location is not None:
        with contextlib.suppress(OSError):
            location.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name in _ENDS:
                (location / name).touch()
            with tempfile.TemporaryFile(dir=location):
                return location
    return _temporary(_top(repository))


def keep_in_cache(
    repository: Path,
    name: str,
    make: Callable[[Path], None],
    is_whole: Callable[[Path], bool] = Path.is_dir,
) -> Path:
    """Find an entry of the cache, or create it.

    An entry is created in a new directory, and a small file with the name of this
    directory is moved into place at the end. So an entry is either complete or missing,
    even if several processes start together or one of them is killed.

    Args:
        repository: the project.
        name: the entry, for example ``tools/ruff-…``; it must include a hash of
            everything that the entry depends on.
        make: fills the given directory, which exists and is never moved.
        is_whole: whether a directory is still usable.

    Raises:
        ToolError: if it can be neither found nor written.
    """
    # A cache that cannot be written may still have the entry.
    location = cache_location(repository)
    found = None if location is None else _find(location / name)
    if found is not None and is_whole(found):
        return found
    pointer = cache_directory(repository) / name
    try:
        pointer.parent.mkdir(parents=True, exist_ok=True)
        with _one_at_a_time(pointer) as alone:
            if alone:
                _remove_unfinished(pointer)
            return _find_or_make(pointer, make, is_whole)
    except OSError as error:
        text = f"{pointer.parent}: cannot write there: {error.strerror}"
        raise ToolError(text, hint=_NEXT) from error


def _find_or_make(
    pointer: Path, make: Callable[[Path], None], is_whole: Callable[[Path], bool]
) -> Path:
    old = _find(pointer)
    if old is not None and is_whole(old):
        return old
    fresh = Path(tempfile.mkdtemp(prefix=f"{pointer.name}.", dir=pointer.parent))
    try:
        make(fresh)
        file = fresh / f".{_NAME}-entry"
        file.write_text(fresh.name, encoding="utf-8")
        file.replace(pointer)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    if old is not None:
        # The entry is unusable: for example, its interpreter was removed.
        shutil.rmtree(old, ignore_errors=True)
    return fresh


def _find(pointer: Path) -> Path | None:
    """The directory of an entry, if the entry exists."""
    try:
        name = pointer.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    if not name.startswith(f"{pointer.name}.") or set(name) & set("/\\\0"):
        return None
    directory = pointer.with_name(name)
    return directory if directory.is_dir() else None


@contextlib.contextmanager
def _one_at_a_time(pointer: Path) -> Generator[bool]:
    """Avoid duplicate work if locks are supported; entries are safe without.

    Yields:
        Whether this process has the lock.
    """
    with contextlib.ExitStack() as stack:
        alone = False
        with contextlib.suppress(OSError, ToolError):
            stack.enter_context(file_lock(pointer.with_name(f".{pointer.name}.lock")))
            alone = True
        yield alone


def _remove_unfinished(pointer: Path) -> None:
    """Remove what processes left that were killed while they created the entry."""
    whole = _find(pointer)
    unfinished = re.compile(rf"{re.escape(pointer.name)}\.[a-z0-9_]{{8}}(\.txt)?")
    for path in pointer.parent.iterdir():
        if path != whole and unfinished.fullmatch(path.name):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _usual_location(variables: Mapping[str, str], platform: str) -> Path | None:
    """The system's conventional location for caches."""
    if platform == "win32":
        base = variables.get("LOCALAPPDATA", "")
        path = Path(base, _NAME, "Cache")
        return path if base and Path(base).is_absolute() else None
    xdg = variables.get("XDG_CACHE_HOME", "")
    if platform != "darwin" and xdg and Path(xdg).is_absolute():
        return Path(xdg, _NAME)
    home = Path(variables.get("HOME", ""))
    if not home.is_absolute() or not home.is_dir():
        return None
    caches = Path("Library", "Caches") if platform == "darwin" else Path(".cache")
    return home / caches / _NAME


def _is_safe(path: Path, top: Path) -> bool:
    """Whether neither a commit nor another user could have filled a directory."""
    if _is_inside(path, top):
        return False
    if sys.platform == "win32":
        return True
    try:
        return path.stat().st_uid in (0, os.geteuid())
    except FileNotFoundError:
        return True
    except OSError:
        return False


def _top(repository: Path) -> Path:
    """The root of the project's repository."""
    locations = (repository, *repository.absolute().parents)
    return next(
        (location for location in locations if (location / ".git").exists()), repository
    )


def _is_inside(path: Path, repository: Path) -> bool:
    """Whether a path leads into the repository, in any spelling."""
    resolved = path.resolve()
    for location in (resolved, *resolved.parents):
        with contextlib.suppress(OSError):
            if location.samefile(repository):
                return True
    return False


@cache
def _warn(text: str) -> None:
    sys.stderr.write(f"{log_lines(text)}\n")


@cache
def _temporary(repository: Path) -> Path:
    """A private directory for this process and its children."""
    try:
        path = Path(tempfile.mkdtemp(prefix=f"{_NAME}-"))
    except OSError as error:
        text = f"no directory for tools: {error.strerror}"
        raise ToolError(text, hint=_NEXT) from error
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    if _is_inside(path, repository):
        text = f"{path.parent}is in the repository"
        raise ToolError(f"no directory for tools: {text}", hint=_NEXT)
    for name in _ENDS:
        (path / name).touch()
    os.environ[CACHE_VARIABLE] = str(path)
    return path
