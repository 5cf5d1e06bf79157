"""Find tracked files that do not belong in a repository."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ci_engine.cleanup.cleanup_patterns import CleanupPatterns, refuse_patterns
from ci_engine.configuration.cleanup_settings import Cleanup
from ci_engine.errors import UsageError
from ci_engine.processes.child_environment import child_variables
from ci_engine.project.git import Git
from ci_engine.project.path_patterns import matching

# The mode of a submodule, which is another repository.
_SUBMODULE = "160000 "


@dataclass(frozen=True)
class Found:
    """A tracked file, and the pattern that matches it."""

    path: str
    pattern: str


def literal_git(root: Path, variables: Mapping[str, str] | None = None) -> Git:
    """A git runner for a repository that treats paths literally."""
    return Git(root, child_variables(variables), ("--literal-pathspecs",))


def find_files(
    root: Path,
    settings: Cleanup,
    defaults: CleanupPatterns,
    more: Sequence[str],
    code: Sequence[str] = (),
) -> list[Found]:
    """List tracked files that match a pattern and are not kept.

    Args:
        root: the repository.
        settings: the project's patterns and exceptions.
        defaults: the framework's patterns, and its protected files.
        more: additional patterns.
        code: the directories of the project's code and tests.

    Raises:
        UsageError: if a pattern of the project is too broad.
    """
    tracked = _tracked_files(root)
    own = [name for name in tracked if name.endswith(("/__init__.py", "conftest.py"))]
    own += [f"{path.strip('/')}/module.py" for path in code if path != "."]
    refuse_patterns([*settings.patterns, *more], defaults.protected, own)
    patterns = [*defaults.patterns, *settings.patterns, *more]
    kept = (*defaults.protected, *settings.keep)
    return [
        Found(path, pattern)
        for path, shown in tracked.items()
        if (pattern := matching(shown, patterns)) and not matching(shown, kept)
    ]


def _tracked_files(root: Path) -> dict[str, str]:
    """The tracked paths to match, including links but no submodules."""
    listed = literal_git(root).succeed("ls-files", "--stage", "-z").names()
    entries = (line.partition("\t") for line in listed)
    return {
        path: os.fsencode(path).decode("utf-8", "replace")
        for facts, _, path in entries
        if not facts.startswith(_SUBMODULE)
    }


def remove(root: Path, found: Collection[Found], most: int) -> None:
    """Remove only these files from the index and the work tree.

    git refuses to remove files with uncommitted changes.
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
    """Refuse to remove very many files automatically."""
    if len(found) > most:
        raise UsageError(
            f"cleanup: expected at most {most} files to remove at once, got "
            f"{len(found)}",
            hint="list them with `ci-framework/ci cleanup --check`; remove them in "
            "several runs with narrower patterns, or keep those that belong here",
        )
