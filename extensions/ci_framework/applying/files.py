"""Write files atomically, and store their contents by hash."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import sys
from collections.abc import Collection
from pathlib import Path

# A link, a directory, an unreadable file: nothing that we could have written.
OTHER = "other"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def content_of(location: Path) -> str:
    """SHA-256 of an ordinary file, empty if it does not exist, else ``OTHER``."""
    try:
        mode = location.lstat().st_mode
        return _sha256(location.read_bytes()) if stat.S_ISREG(mode) else OTHER
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError:
        return OTHER


def permissions_of(location: Path) -> int:
    """The permission bits of a file."""
    return stat.S_IMODE(location.lstat().st_mode)


def _sync_directory(directory: Path) -> None:
    """Make sure that names in a directory survive a power loss."""
    if sys.platform == "win32":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        # Some file systems cannot do this for a directory.
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_synced(location: Path, content: bytes) -> None:
    """Write a file and wait until it is on disk."""
    with location.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def write_whole(location: Path, content: bytes) -> None:
    """Replace a file atomically: it has either the old or the new content."""
    temporary = location.with_name(f"{location.name}.tmp")
    write_synced(temporary, content)
    temporary.replace(location)
    _sync_directory(location.parent)


def put_file(
    location: Path, content: bytes, *, permissions: int, temporary: Path, new: bool
) -> None:
    """Put a file into the work tree.

    ``temporary`` is a free name in the same directory. A ``new`` file does not
    overwrite one that appeared in the meantime.

    Raises:
        FileExistsError: if a file exists that must not be overwritten.
        OSError: if it cannot be written.
    """
    try:
        write_synced(temporary, content)
        temporary.chmod(permissions)
        if new:
            _move_new(temporary, location)
        else:
            temporary.replace(location)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    _sync_directory(location.parent)


def _move_new(temporary: Path, location: Path) -> None:
    """Rename a file, unless the name is taken."""
    try:
        location.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links: check first.
        if os.path.lexists(location):
            raise FileExistsError(location) from None
        temporary.replace(location)
    else:
        temporary.unlink()


def remove_file(location: Path) -> None:
    """Remove a file from the work tree."""
    location.unlink()
    _sync_directory(location.parent)


class Store:
    """Contents of files, stored until an adoption is rolled back."""

    def __init__(self, directory: Path) -> None:
        """Store them in our directory inside the git directory."""
        self._directory = directory

    def put(self, content: bytes) -> str:
        """Store a content and return its name."""
        name = _sha256(content)
        location = self._directory / name
        if content_of(location) != name:
            self._directory.mkdir(parents=True, exist_ok=True)
            write_whole(location, content)
        return name

    def get(self, name: str) -> bytes | None:
        """A content by its name, None if it is missing or damaged."""
        try:
            content = (self._directory / name).read_bytes()
        except OSError:
            return None
        return content if _sha256(content) == name else None

    def keep_only(self, names: Collection[str]) -> None:
        """Delete all other contents."""
        if self._directory.is_dir():
            for location in sorted(self._directory.iterdir()):
                if location.name not in names:
                    location.unlink()
            with contextlib.suppress(OSError):
                self._directory.rmdir()
