"""Interpret MANIFEST.in, with which setuptools chooses the files of a source archive.

https://setuptools.pypa.io/en/latest/userguide/miscellaneous.html
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Sequence


def files_taken(manifest: str, files: Sequence[str], *, every: bool) -> list[str]:
    """The files that a source archive includes.

    Args:
        manifest: the text of MANIFEST.in.
        files: all files.
        every: whether it includes all files before MANIFEST.in is read.
    """
    taken = set(files) if every else set[str]()
    for line in manifest.replace("\\\n", " ").splitlines():
        command, *words = line.partition("#")[0].split() or [""]
        kind = _COMMANDS.get(command)
        if kind is None or not words:
            continue
        adds, fits = kind
        chosen = {path for path in files if fits(path, words)}
        taken = taken | chosen if adds else taken - chosen
    return sorted(taken)


def _here(path: str, words: Sequence[str]) -> bool:
    return any(_matches(path, _plain(word)) for word in words)


def _anywhere(path: str, words: Sequence[str]) -> bool:
    return any(_matches(path, f"**/{_plain(word)}") for word in words)


def _in_directory(path: str, words: Sequence[str]) -> bool:
    top, *patterns = map(_plain, words)
    below = f"{top}/" if top else ""
    return any(_matches(path, f"{below}**/{pattern}") for pattern in patterns)


def _below(path: str, words: Sequence[str]) -> bool:
    return any(_matches(path, f"{_plain(word)}/**".lstrip("/")) for word in words)


def _plain(word: str) -> str:
    """Make a pattern relative to the root of the repository."""
    return re.sub(r"^(\./)+|^\.$", "", word.strip("/").replace("\\", "/"))


def _matches(path: str, pattern: str) -> bool:
    """Whether a path matches; only ``**`` crosses directories, or matches none."""
    names = path.split("/")
    # How many names the parts of the pattern so far can have matched.
    matched = {0}
    for part in pattern.split("/"):
        if part == "**":
            matched = set(range(min(matched), len(names) + 1))
        else:
            matched = {
                number + 1
                for number in matched
                if number < len(names) and fnmatch.fnmatchcase(names[number], part)
            }
        if not matched:
            return False
    return len(names) in matched


_COMMANDS: dict[str, tuple[bool, Callable[[str, Sequence[str]], bool]]] = {
    "include": (True, _here),
    "exclude": (False, _here),
    "global-include": (True, _anywhere),
    "global-exclude": (False, _anywhere),
    "recursive-include": (True, _in_directory),
    "recursive-exclude": (False, _in_directory),
    "graft": (True, _below),
    "prune": (False, _below),
}
