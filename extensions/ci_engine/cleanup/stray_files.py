"""Find tracked files that do not belong into a repository."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ci_engine.cleanup.cleanup_patterns import CleanupPatterns, refuse_patterns
from ci_engine.configuration.settings import Cleanup
from ci_engine.errors import UsageError
from ci_engine.processes.child_environment import child_variables
from ci_engine.project.git import Git
from ci_engine.project.path_patterns import matching


@dataclass(frozen=True)
class Found:
    """A tracked file, as git names it, and the pattern that it fits."""

    path: str
    pattern: str


def literal_git(root: Path, variables: Mapping[str, str] | None = None) -> Git:
    """What runs git in a repository; no path is ever a pattern."""
    return Git(root, child_variables(variables), ("--literal-pathspecs",))


def find_files(
    root: Path, settings: Cleanup, defaults: CleanupPatterns, more: Sequence[str]
) -> list[Found]:
    """List tracked files that fit a pattern and are not to be kept."""
    refuse_patterns([*settings.patterns, *more], defaults.protected)
    patterns = [*defaults.patterns, *settings.patterns, *more]
    found: list[Found] = []
    for path in literal_git(root).succeed("ls-files", "-z").names():
        shown = os.fsencode(path).decode("utf-8", "replace")
        pattern = matching(shown, patterns)
        kept = (*defaults.protected, *settings.keep)
        if pattern is not None and matching(shown, kept) is None:
            found.append(Found(path, pattern))
    return found


def remove(root: Path, found: Collection[Found], most: int) -> None:
    """Remove files from the index and from the work tree, and nothing else.

    What was changed since the last commit is not removed: git refuses.
    """
    refuse_many(found, most)
    remove_listed(literal_git(root), found)


def remove_listed(git: Git, found: Collection[Found], *options: str) -> None:
    """Let git remove all of the files or none; their names come from a file."""
    with tempfile.TemporaryDirectory() as directory:
        listing = Path(directory) / "paths"
        listing.write_bytes(b"".join(os.fsencode(each.path) + b"\0" for each in found))
        source = (f"--pathspec-from-file={listing}", "--pathspec-file-nul")
        git.succeed("rm", "--quiet", *options, *source)


def refuse_many(found: Collection[Found], most: int) -> None:
    """Leave it to a person if there are very many."""
    if len(found) > most:
        raise UsageError(
            f"cleanup: expected at most {most} files to remove at once, got "
            f"{len(found)}",
            hint="look at `ci-framework/ci cleanup --check`, and remove them in "
            "parts with narrower patterns, or keep those that belong here",
        )
