"""Check out both sides, each in its own worktree."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ci_engine.project.git import Git

# The project's hooks are for developers who check out a branch.
_NO_HOOKS = ("-c", "core.hooksPath=/dev/null")


@contextmanager
def checked_out(git: Git, base: str) -> Generator[tuple[Path | None, Path]]:
    """Check out the base and the head, with uncommitted changes.

    The directory names have the same length, because paths affect what is
    measured.

    Args:
        git: runs git at the top of the repository.
        base: the commit of the base; empty = none.

    Yields:
        The worktrees of the base and of the head. They are removed afterwards.
    """
    ours = replace(git, options=(*git.options, *_NO_HOOKS))
    with tempfile.TemporaryDirectory(
        prefix="ci-framework-bench-", ignore_cleanup_errors=True
    ) as name:
        directory = Path(name).resolve()
        added: list[Path] = []
        try:
            for side, commit in (("base", base), ("head", "HEAD")):
                if commit:
                    added.append(directory / side)
                    _add(ours, added[-1], commit)
            _take_changes(ours, directory)
            yield (directory / "base" if base else None), directory / "head"
        finally:
            # Even after a signal: `git.cancel` would stop the cleanup.
            cleaner = replace(ours, cancel=None)
            for path in added:
                cleaner.run("worktree", "remove", "--force", "--force", str(path))


def _add(git: Git, path: Path, commit: str) -> None:
    git.succeed("worktree", "add", "--quiet", "--detach", str(path), commit)


def _take_changes(git: Git, directory: Path) -> None:
    """Copy uncommitted changes to the worktree of the head.

    This uses a copy of the index, so that the user's own index is unchanged.
    """
    if not git.read("status", "--porcelain").strip():
        return
    index = directory / "index"
    own = git.root / git.read("rev-parse", "--git-path", "index").strip()
    # Keep its time: git reads files again that are as new as the index.
    shutil.copy2(own, index)
    variables = {**git.variables, "GIT_INDEX_FILE": str(index)}
    with_index = replace(git, variables=variables)
    with_index.succeed("add", "--all")
    tree = with_index.read("write-tree").strip()
    replace(git, root=directory / "head").succeed("read-tree", "--reset", "-u", tree)
