"""Lists of files with their hashes, in the format of sha256sum.

Line endings do not count: git may have converted them in the work tree.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from ci_engine.configuration.reading import read_text
from ci_engine.errors import ConfigurationError

# The list that the template wrote: framework files and, as comments for sha256sum,
# the blocks in shared files.
HASHES = "ci-framework/files.sha256"
_LINE = re.compile(r"(# block: )?([0-9a-f]{64})  (\S.*)")


def hash_text(content: bytes) -> str:
    """The hash of a text, independent of its line endings."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()


def hash_file(path: Path) -> str:
    """The hash of a file; empty if it is missing or unreadable."""
    try:
        return hash_text(path.read_bytes())
    except OSError:
        return ""


def files_below(directory: Path) -> list[Path]:
    """The files below a directory, sorted, without compiled modules."""
    return sorted(
        path
        for path in directory.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )


def read_hashes(path: Path, *, blocks: bool = False) -> dict[str, str]:
    """Read a list: the hash of each path, or of the block in it.

    Raises:
        ConfigurationError: if a line has another format.
    """
    hashes: dict[str, str] = {}
    for number, line in enumerate(read_text(path).splitlines(), 1):
        found = _LINE.fullmatch(line)
        if found is None:
            raise ConfigurationError(
                f"{path}:{number}: expected a hash and a path, got {line[:80]!r}"
            )
        if bool(found[1]) == blocks:
            hashes[found[3]] = found[2]
    return hashes


def write_hashes(path: Path, hashes: Mapping[str, str]) -> None:
    """Write a list, sorted by path."""
    lines = [f"{hashes[name]}  {name}\n" for name in sorted(hashes)]
    path.write_text("".join(lines), encoding="utf-8", newline="\n")
