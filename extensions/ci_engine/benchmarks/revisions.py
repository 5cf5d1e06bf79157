"""Check out both sides beside each other, each in a worktree of its own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ci_engine.project.git import Git

# Hooks of the project are for people, who check out something to work on it.
_NO_HOOKS = ("-c", "core.hooksPath=/dev/null")


@contextmanager
def checked_out(git: Git, base: str) -> Generator[tuple[Path | None, Path]]:
    """Check out the base and the head, with changes that are not committed yet.

    The names of the directories have the same length: paths are part of what is
    measured.

    Args:
        git: runs git at the top of the repository.
        base: the commit of the base; empty = there is none.

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
            # Also after a signal: `git.cancel` would end the clean-up at once.
            cleaner = replace(ours, cancel=None)
            for path in added:
                cleaner.run("worktree", "remove", "--force", "--force", str(path))


def _add(git: Git, path: Path, commit: str) -> None:
    git.succeed("worktree", "add", "--quiet", "--detach", str(path), commit)


def _take_changes(git: Git, directory: Path) -> None:
    """Bring what is changed here into the worktree of the head.

    A copy of the index takes it up, so that the user's own index stays as it is.
    """
    if not git.read("status", "--porcelain").strip():
        return
    index = directory / "index"
    own = git.root / git.read("rev-parse", "--git-path", "index").strip()
    # With its time: git reads files again that changed as late as the index.
    shutil.copy2(own, index)
    variables = {**git.variables, "GIT_INDEX_FILE": str(index)}
    with_index = replace(git, variables=variables)
    with_index.succeed("add", "--all")
    tree = with_index.read("write-tree").strip()
    replace(git, root=directory / "head").succeed("read-tree", "--reset", "-u", tree)
