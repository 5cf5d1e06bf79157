"""Read the files of a commit from git without checking it out."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

from ci_engine.project.git import Git

_LARGEST = 5_000_000


def list_files(root: Path, commit: str) -> dict[str, str]:
    """The regular files of a commit below the root, with git's name of each content.

    Links, submodules and generated files are excluded.

    Raises:
        ToolError: if the commit cannot be read.
    """
    listed = Git(root).succeed("ls-tree", "-r", "-z", "--long", commit)
    found: dict[str, str] = {}
    for entry in listed.names():
        facts, _, name = entry.partition("\t")
        mode, _, blob, size = facts.split()
        if mode.startswith("100") and int(size) <= _LARGEST:
            found[name] = blob
    return found


def read_blobs(root: Path, blobs: Mapping[str, str]) -> dict[str, bytes]:
    """Read git objects by name, with the same keys; some may be missing."""
    if not blobs:
        return {}
    names = "".join(f"{blob}\n" for blob in blobs.values())
    answers = io.BytesIO(Git(root).answer("cat-file", "--batch", text=names))
    found: dict[str, bytes] = {}
    for key in blobs:
        # ``NAME blob SIZE``, the content, and a line end.
        size = answers.readline().rpartition(b" blob ")[2].strip()
        if size.isdigit():
            found[key] = answers.read(int(size))
            answers.readline()
    return found
