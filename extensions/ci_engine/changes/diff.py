"""The changed files and lines, according to git.

An empty list of changes is always true, never a failure.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ci_engine.changes.diff_base import DiffBase
from ci_engine.changes.files_of_commit import read_blobs
from ci_engine.errors import ToolError
from ci_engine.project.git import Git

_SUBMODULE = "160000"
_FILES = ("100644", "100755")
# Options that override a user's git configuration.
_DIFF = (
    *("-c", "core.quotePath=false", "diff", "--no-color", "--no-ext-diff"),
    *("--no-textconv", "--no-renames", "--ignore-submodules=dirty"),
    f"-O{os.devnull}",
)
_RAW = ("--no-relative", "--raw", "--no-abbrev", "-z")
_PATCH = (
    *("--unified=0", "--inter-hunk-context=0", "--src-prefix=a/", "--dst-prefix=b/"),
    *("--submodule=short", "--ignore-cr-at-eol", "--relative", "--text"),
)
_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ESCAPE = re.compile(r'\\([abtnvfr"\\]|[0-7]{3})')
_ESCAPED = dict(zip('abtnvfr"\\', '\a\b\t\n\v\f\r"\\', strict=True))


@dataclass(frozen=True, order=True)
class Change:
    """One changed file; a rename is a deletion and an addition.

    Attributes:
        path: relative to the root with ``/``; starts with ``../`` outside of it.
        status: git's letter: A, M, D or T; A also for untracked files.
        submodule: whether it is the commit of a submodule.
        before: git's name of the previous content.
    """

    path: str
    status: str
    submodule: bool = False
    before: str = field(default="", compare=False)


def changed_files(
    root: Path, diff_base: DiffBase, *, work_tree: bool = True, head: str = "HEAD"
) -> list[Change]:
    """List the changed files, including uncommitted ones, or up to ``head``."""
    git = Git(root)
    ends = (_known(diff_base),) if work_tree else (_known(diff_base), head)
    text = git.read(*_DIFF, *_RAW, *ends, "--")
    prefix = ""
    if not (root / ".git").exists():
        prefix = git.read("rev-parse", "--show-prefix").removesuffix("\n")
    fields = text.split("\0")
    changes = {
        _change(facts, posixpath.relpath(path, prefix or "."))
        for facts, path in zip(fields[0::2], fields[1::2], strict=False)
    }
    if work_tree:
        changes |= {Change(path, "A") for path in git.untracked()}
    return sorted(changes)


def _change(facts: str, path: str) -> Change:
    """Parse ``:100644 100644 1234 5678 M``."""
    before, after, held, _, status = facts.removeprefix(":").split(" ")
    same = status == "M" and before == after and before in _FILES
    return Change(path, status[:1], _SUBMODULE in (before, after), held if same else "")


def moved_files(root: Path, diff_base: DiffBase) -> set[str]:
    """The new paths of tracked files that a change moved without editing them."""
    git = Git(root)
    options = [option for option in _DIFF if option != "--no-renames"]
    options += ["--find-renames=100%", "--diff-filter=R", "--name-only", "--relative"]
    return set(git.succeed(*options, "-z", _known(diff_base), "--").names())


def contents_before(root: Path, changes: Iterable[Change]) -> dict[str, bytes]:
    """The previous contents of files, by path; some may be missing."""
    return read_blobs(root, {each.path: each.before for each in changes if each.before})


def changed_lines(
    root: Path, diff_base: DiffBase, patterns: Sequence[str]
) -> dict[str, set[int]]:
    """List the added or rewritten lines, as numbered in the work tree."""
    git = Git(root)
    text = git.read(*_DIFF, *_PATCH, _known(diff_base), "--", *patterns)
    lines = _read_patch(text)
    for path in git.untracked(*patterns):
        try:
            data = (root / path).read_bytes()
        except OSError:
            continue
        lines[path] = set(range(1, data.count(b"\n") + 2))
    return lines


def _known(diff_base: DiffBase) -> str:
    """Resolve the commit, or fail."""
    if diff_base.commit is None:
        raise ToolError(f"the base of the change is not known: {diff_base.reason}")
    return diff_base.commit


def _read_patch(text: str) -> dict[str, set[int]]:
    """Parse a patch without context; content lines are never mistaken for headers."""
    found: dict[str, set[int]] = {}
    rows = iter(text.split("\n"))
    path = ""
    for row in rows:
        hunk = _HUNK.match(row)
        if row.startswith("diff --git "):
            path = ""
        elif row.startswith("+++ "):
            path = _name(row[4:])
        elif hunk:
            removed, added = (int(n) if n else 1 for n in hunk.group(1, 3))
            first = int(hunk.group(2))
            if path and added:
                found.setdefault(path, set()).update(range(first, first + added))
            _skip(rows, removed + added)
    return found


def _skip(rows: Iterator[str], number: int) -> None:
    """Skip the body of a hunk."""
    while number:
        row = next(rows, None)
        if row is None:
            return
        # "\ No newline at end of file" is not a line of the file.
        number -= not row.startswith("\\")


def _name(text: str) -> str:
    """The path in the header of a patch; git quotes unusual paths."""
    text = text.removesuffix("\t")
    if text.startswith('"'):
        text = text.removeprefix('"').removesuffix('"')
        text = _ESCAPE.sub(lambda m: _ESCAPED.get(m[1]) or chr(int(m[1], 8)), text)
    return text.removeprefix("b/") if text != "/dev/null" else ""
