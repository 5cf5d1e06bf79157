"""Remove an adoption from a later commit, file by file, beside the work tree."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from ci_engine.errors import ToolError
from ci_framework.applying.records import Journal
from ci_framework.repository import Entry, Repository

_LINES = 60
# Exit codes of git merge-file: more conflicts than this, or an error.
_MOST_CONFLICTS = 127


@dataclass(frozen=True)
class Reversal:
    """A commit without an adoption.

    Attributes:
        entries: the files that differ from that commit; None if removed.
        overlaps: files in which later changes overlap with the adoption's.
    """

    entries: dict[str, Entry | None]
    overlaps: list[str]


def reverse(repository: Repository, journal: Journal, commit: str) -> Reversal:
    """Compute a commit without the adoption.

    Each file is merged three ways: the adopted version is the ancestor, the commit is
    one side, and the version before the adoption the other. So it does not matter
    whether the adoption was merged, squashed or rebased. Renames are not followed: a
    file of ours that was moved stays where it is.
    """
    adopted = repository.entries(journal.commit)
    before = repository.entries(journal.base)
    present = repository.entries(commit)
    result: dict[str, Entry | None] = {}
    overlaps: list[str] = []
    for step in journal.adoption.steps:
        path = step.path
        ancestor, ours, theirs = adopted.get(path), present.get(path), before.get(path)
        if ours == theirs:
            continue
        if ours == ancestor:
            result[path] = theirs
        elif ancestor is None or ours is None or theirs is None:
            # One side removed it; a file with later changes stays.
            overlaps.append(path)
        else:
            merged = _merge(repository, ours, ancestor, theirs)
            if merged is None:
                overlaps.append(path)
            elif merged != ours:
                result[path] = merged
    return Reversal(result, overlaps)


def differences(
    repository: Repository, journal: Journal, commit: str, paths: list[str]
) -> str:
    """The changes in files since the adoption, as a diff for display.

    Without a commit, uses the work tree.
    """
    words = ["diff", "--no-ext-diff", "--no-textconv", "--no-renames"]
    words += [journal.commit, *([commit] if commit else []), "--", *paths]
    done = repository.try_git(*words, variables={"GIT_LITERAL_PATHSPECS": "1"})
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    if len(lines) > _LINES:
        more = len(lines) - _LINES
        lines = [*lines[:_LINES], f"... and {more} more lines"]
    return "\n".join(lines)


def _merge(
    repository: Repository, ours: Entry, ancestor: Entry, theirs: Entry
) -> Entry | None:
    """Merge one file three ways, None if the changes overlap."""
    if not (ours.is_file and ancestor.is_file and theirs.is_file):
        return None
    mode = theirs.mode if ours.mode == ancestor.mode else ours.mode
    if ours.blob == ancestor.blob:
        return Entry(mode, theirs.blob)
    with tempfile.TemporaryDirectory() as directory:
        names: list[str] = []
        for name, entry in (("ours", ours), ("base", ancestor), ("theirs", theirs)):
            location = Path(directory, name)
            location.write_bytes(repository.git("cat-file", "blob", entry.blob))
            names.append(str(location))
        done = repository.try_git("merge-file", "--stdout", "--quiet", *names)
    if 0 < done.returncode <= _MOST_CONFLICTS:
        return None
    if done.returncode:
        output = done.stderr.decode("utf-8", "replace")
        if "binary" in output:
            return None
        raise ToolError(f"git merge-file failed: {output.strip()}")
    return Entry(mode, store_blob(repository, done.stdout))


def store_blob(repository: Repository, content: bytes) -> str:
    """Store bytes unchanged as a git object and return its name."""
    words = ("hash-object", "-w", "--no-filters", "--stdin")
    return repository.git(*words, stdin=content).decode().strip()
