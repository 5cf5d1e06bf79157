"""Read files of a repository; refuse links that leave it, pipes and devices.

The author of a commit can replace any file with a link. A file outside of the
repository must not appear in a message or a report.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ci_engine.errors import ConfigurationError

# No file with settings, waivers or locked dependencies is larger.
_LARGEST = 64_000_000


def read_contained(path: Path) -> bytes:
    """Read a regular file of a repository, directly or through a link inside it.

    Raises:
        ConfigurationError: if it is something else, or too large.
        OSError: if it cannot be read.
    """
    _refuse_link(path)
    # Opening a pipe would block before its type can be checked.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as stream:
        facts = os.fstat(stream.fileno())
        if not stat.S_ISREG(facts.st_mode):
            raise _refused(path, "expected a file, got a directory, pipe or device")
        if facts.st_size > _LARGEST:
            raise _refused(path, f"larger than {_LARGEST // 1_000_000} MB")
        return stream.read()


def _refuse_link(path: Path) -> None:
    top = _top_of(path)
    if top is None and not path.is_symlink():
        return
    real = os.path.realpath(path)
    inside = os.path.realpath(top or path.parent)
    if not Path(real).is_relative_to(inside):
        raise _refused(path, "a link out of the repository, which is not followed")


def _top_of(path: Path) -> Path | None:
    """The root of the repository that a path belongs to by its name."""
    # Not `resolve`, because it follows links.
    above = Path(os.path.abspath(path)).parents  # noqa: PTH100
    return next((each for each in above if (each / ".git").exists()), None)


def _refused(path: Path, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"{path.name}: {reason}",
        hint=f"replace {path} by a regular file of the repository",
    )
