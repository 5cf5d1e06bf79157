"""Store the history in a directory, or on a branch that is never checked out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ci_engine.benchmarks.history import FILE
from ci_engine.errors import ToolError
from ci_engine.github.branch_writer import BranchTree, BranchWriter, branch_writer
from ci_engine.processes.file_lock import file_lock
from ci_engine.project.output_files import write_text

_MESSAGE = "chore: add benchmark results"
Change = Callable[[str], str]


def store_in_directory(directory: Path, change: Change) -> str:
    """Update the history in a directory, and return it."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ToolError(f"--store: {directory}: {error.strerror}") from error
    path = directory / FILE
    with file_lock(directory / f".{FILE}.lock"):
        text = change(path.read_text(encoding="utf-8") if path.is_file() else "")
        write_text(path, text)
    return text


@dataclass(frozen=True)
class HistoryBranch:
    """A branch of the remote with only the history."""

    writer: BranchWriter

    def read(self) -> str:
        """The current history, empty if there is none."""
        return self.writer.tree().read(FILE)

    def store(self, change: Change) -> str:
        """Update the history, and return it.

        Raises:
            ReadOnlyError: if the token has no write access.
            ToolError: if it cannot be pushed.
        """
        stored = ""

        def add(tree: BranchTree) -> bool:
            nonlocal stored
            before = tree.read(FILE)
            stored = change(before)
            if tree.parent and stored == before:
                return False
            tree.write(FILE, stored)
            return True

        self.writer.update(add, _MESSAGE)
        return stored


def history_branch(
    root: Path, branch: str, variables: Mapping[str, str], remote: str = "origin"
) -> HistoryBranch:
    """The branch of the remote, with the workflow's token if there is one."""
    return HistoryBranch(branch_writer(root, branch, variables, remote))
