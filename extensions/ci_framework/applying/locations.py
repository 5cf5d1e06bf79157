"""Check the locations for the files of a plan."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from ci_framework.planning.plan import Change
from ci_framework.repository import Entry, Repository

_SUBMODULE = "160000"


@dataclass(frozen=True)
class Refusal:
    """Why nothing may be written now."""

    found: str
    expected: str
    hint: str

    def __str__(self) -> str:
        """The refusal for display."""
        return f"{self.found}: expected {self.expected} (hint: {self.hint})"


@dataclass(frozen=True)
class _Obstacle:
    """Something at the path of a directory, on the way to one or more files."""

    path: str
    what: str
    step: str

    def refuse(self, files: Sequence[str]) -> Refusal:
        """One refusal for all the files behind it."""
        more = f" and {len(files) - 1} more" if len(files) > 1 else ""
        found = f"{self.path}, which is {self.what}, on the way to {files[0]}{more}"
        return Refusal(found, "a directory", self.step)


def refuse_locations(
    repository: Repository, changes: Sequence[Change]
) -> Iterator[Refusal]:
    """Find the files of a plan that cannot be written to their paths."""
    tracked = repository.tracked
    flagged = _flagged(repository)
    folded: dict[str, str] = {}
    for path in tracked:
        for location in (path, *_parents(path)):
            folded.setdefault(location.casefold(), location)
    taken = [
        change.path
        for change in changes
        if change.before is None and os.path.lexists(repository.root / change.path)
    ]
    untracked = ignore_rules(repository, taken)
    behind: dict[_Obstacle, list[str]] = {}
    for change in changes:
        refusal = _name(change)
        if refusal is None and (obstacle := _way(repository, change, tracked)):
            behind.setdefault(obstacle, []).append(change.path)
            continue
        refusal = (
            refusal
            or _file(repository, change, tracked, flagged)
            or _case(change, folded, tracked)
        )
        if refusal is not None:
            if change.path in untracked:
                found = f"{refusal.found} (ignored by {untracked[change.path]})"
                refusal = replace(refusal, found=found)
            yield refusal
    for obstacle, paths in behind.items():
        yield obstacle.refuse(paths)


def _name(change: Change) -> Refusal | None:
    """A path that leaves the work tree, or is not a valid name."""
    parts = change.path.split("/")
    bad = any(part in ("", ".", "..") or part.casefold() == ".git" for part in parts)
    try:
        change.path.encode()
    except UnicodeEncodeError:
        bad = True
    if not bad and "\0" not in change.path and "\\" not in change.path:
        return None
    shown = ascii(change.path)
    step = "rename the file, or leave it out with the answer `unmanaged`"
    return Refusal(f"the path {shown}", "paths below the top of the repository", step)


def _way(
    repository: Repository, change: Change, tracked: dict[str, Entry]
) -> _Obstacle | None:
    """What blocks the directories between the root and the file."""
    for parent in _parents(change.path):
        location = repository.root / parent
        entry = tracked.get(parent)
        if entry is not None and entry.mode == _SUBMODULE:
            what, step = "a submodule", "leave the file out with `unmanaged`"
        elif location.is_symlink():
            what, step = "a link", f"make {parent} a directory of its own"
        elif (location / ".git").exists():
            what, step = "a repository of its own", f"move {parent} elsewhere"
        elif location.is_dir():
            if os.access(location, os.W_OK | os.X_OK):
                continue
            what, step = "a directory without write permission", f"chmod u+wx {parent}"
        elif location.exists():
            what, step = "a file", f"rename {parent}"
        else:
            return None
        return _Obstacle(parent, what, step)
    return None


def _file(
    repository: Repository,
    change: Change,
    tracked: dict[str, Entry],
    flagged: Collection[str],
) -> Refusal | None:
    """What blocks the path of the file."""
    location = repository.root / change.path
    entry = tracked.get(change.path)
    try:
        mode = location.lstat().st_mode
    except OSError:
        mode = 0
    if mode and not stat.S_ISREG(mode):
        what = "a link" if stat.S_ISLNK(mode) else "a directory or a special file"
        step = f"rename {change.path}, or leave it out with `unmanaged`"
        return Refusal(f"{change.path}, which is {what}", "an ordinary file", step)
    if change.before is None and mode:
        found = f"{change.path}, which is in the way of a new file"
        return Refusal(found, "nothing there", f"rename or remove {change.path}")
    if change.before is not None and entry is None:
        found = f"{change.path}, which git does not track"
        return Refusal(found, "a file in the last commit", f"git add {change.path}")
    if change.before is None and entry is not None:
        found = f"{change.path}, which is tracked but not in the work tree"
        return Refusal(found, "a complete work tree", f"git restore {change.path}")
    if change.path in flagged:
        found = f"{change.path}, whose changes git is set to ignore"
        flags = "--no-assume-unchanged --no-skip-worktree"
        step = f"`git update-index {flags} {change.path}`"
        return Refusal(found, "a file whose changes git reports", step)
    return None


def _case(
    change: Change, folded: dict[str, str], tracked: dict[str, Entry]
) -> Refusal | None:
    """A tracked name that collides if the file system ignores case."""
    if change.path in tracked:
        return None
    other = folded.get(change.path.casefold(), change.path)
    for parent in _parents(change.path):
        # Directories may differ in case: their files are merged if case is
        # ignored. A file must not collide with a directory.
        same = folded.get(parent.casefold(), parent)
        if same != parent and same in tracked:
            other = same
    if other == change.path:
        return None
    found = f"{other}, which differs from {change.path} only in case"
    return Refusal(found, "names that differ without case", f"rename {other}")


def _parents(path: str) -> list[str]:
    """The directories above a path, from the root down."""
    above = [parent.as_posix() for parent in PurePosixPath(path).parents if parent.name]
    return list(reversed(above))


def _flagged(repository: Repository) -> set[str]:
    """Files whose changes git ignores: assume-unchanged or skip-worktree."""
    rows = repository.git("ls-files", "-v", "-z").split(b"\0")
    return {
        os.fsdecode(row[2:])
        for row in rows
        if row and (row[:1].islower() or row[:1] == b"S")
    }


def ignore_rules(repository: Repository, paths: Sequence[str]) -> dict[str, str]:
    """The .gitignore rule that matches each path, as ``file:line pattern``."""
    if not paths:
        return {}
    done = repository.try_git(
        "check-ignore",
        "--no-index",
        "--verbose",
        "-z",
        "--stdin",
        stdin=b"".join(os.fsencode(path) + b"\0" for path in paths),
    )
    fields = [os.fsdecode(field) for field in done.stdout.split(b"\0")]
    rules: dict[str, str] = {}
    for start in range(0, len(fields) - 3, 4):
        source, line, pattern, path = fields[start : start + 4]
        # A rule that starts with ! includes the path again.
        if not pattern.startswith("!"):
            rules[path] = f"{source}:{line} {pattern}"
    return rules
