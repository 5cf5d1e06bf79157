"""Files that are written whole or not at all, and kept by their content."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import sys
from collections.abc import Collection
from pathlib import Path

__all__ = [
    "OTHER",
    "Store",
    "content_of",
    "permissions_of",
    "put_file",
    "remove_file",
    "reserve",
    "sha256",
    "sync_directory",
    "write_whole",
]

# A link, a directory, a file that cannot be read: nothing we could have written.
OTHER = "other"


def sha256(content: bytes) -> str:
    """The name of a content."""
    return hashlib.sha256(content).hexdigest()


def content_of(location: Path) -> str:
    """SHA-256 of an ordinary file, empty if nothing is there, else ``OTHER``."""
    try:
        mode = location.lstat().st_mode
        return sha256(location.read_bytes()) if stat.S_ISREG(mode) else OTHER
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError:
        return OTHER


def permissions_of(location: Path) -> int:
    """The permission bits of a file."""
    return stat.S_IMODE(location.lstat().st_mode)


def sync_directory(directory: Path) -> None:
    """Make sure that names in a directory survive a loss of power."""
    if sys.platform == "win32":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        # Some file systems cannot do this for a directory.
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_whole(
    location: Path, content: bytes, *, temporary: Path | None = None
) -> None:
    """Replace a file of ours: what is there afterwards is the old or the new."""
    temporary = temporary or location.with_name(f"{location.name}.tmp")
    _write(temporary, content)
    temporary.replace(location)
    sync_directory(location.parent)


def put_file(
    location: Path,
    content: bytes,
    *,
    permissions: int,
    temporary: Path,
    new: bool,
) -> None:
    """Put a file into the work tree.

    Args:
        location: where it goes; its directory exists.
        content: its bytes.
        permissions: its permission bits.
        temporary: a name in the same directory that is free.
        new: whether nothing may be there: what came meanwhile is not overwritten.

    Raises:
        FileExistsError: if something is there that may not be.
        OSError: if it cannot be written.
    """
    try:
        _write(temporary, content)
        temporary.chmod(permissions)
        if new:
            _move_new(temporary, location)
        else:
            temporary.replace(location)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    sync_directory(location.parent)


def reserve(location: Path, size: int) -> None:
    """Take room on the disk, to be given back when something has to be undone."""
    _write(location, bytes(size))


def remove_file(location: Path) -> None:
    """Remove a file from the work tree."""
    location.unlink()
    sync_directory(location.parent)


def _write(location: Path, content: bytes) -> None:
    with location.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _move_new(temporary: Path, location: Path) -> None:
    """Give a file its name, unless the name is taken."""
    try:
        location.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError:
        # A file system without links: look first.
        if location.is_symlink() or location.exists():
            raise FileExistsError(location) from None
        temporary.replace(location)
    else:
        temporary.unlink()


class Store:
    """Contents of files, kept until an adoption is taken back."""

    def __init__(self, directory: Path) -> None:
        """Keep them in a directory of ours inside the git directory."""
        self._directory = directory

    def put(self, content: bytes) -> str:
        """Keep a content and return its name."""
        name = sha256(content)
        location = self._directory / name
        if content_of(location) != name:
            self._directory.mkdir(parents=True, exist_ok=True)
            write_whole(location, content)
        return name

    def get(self, name: str) -> bytes | None:
        """A content by its name, None if it is not there or damaged."""
        try:
            content = (self._directory / name).read_bytes()
        except OSError:
            return None
        return content if sha256(content) == name else None

    def size(self, name: str) -> int:
        """How many bytes a content has, 0 if it is not there."""
        try:
            return (self._directory / name).stat().st_size
        except OSError:
            return 0

    def keep_only(self, names: Collection[str]) -> None:
        """Drop all contents but these."""
        if self._directory.is_dir():
            for location in sorted(self._directory.iterdir()):
                if location.name not in names:
                    location.unlink()
            with contextlib.suppress(OSError):
                self._directory.rmdir()
