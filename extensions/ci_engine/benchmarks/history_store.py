"""Where the history is: a directory, or a branch that is never checked out.

On a branch, a commit is made beside the work tree and pushed. Of two writers the
second one is rejected, reads what the first one wrote, and adds to that.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ci_engine.benchmarks.history import FILE
from ci_engine.errors import ToolError
from ci_engine.github.pushing import BOT, push_token, with_token
from ci_engine.processes.file_lock import file_lock
from ci_engine.processes.programs import Outcome
from ci_engine.project.git import Git
from ci_engine.project.output_files import write_text

# Each time at least one of the other writers has succeeded.
_ATTEMPTS = 10
_MESSAGE = "chore: add benchmark results"
_DENIED = re.compile(r"\b403\b|denied|not allowed|unauthori[sz]ed|read-only", re.I)
_OUTRUN = re.compile(
    r"fetch first|non-fast-forward|cannot lock ref|failed to update ref|old value", re.I
)
Change = Callable[[str], str]


class ReadOnlyError(ToolError):
    """The history may not be written with this token."""


def store_in_directory(directory: Path, change: Change) -> str:
    """Change the history in a directory, and return it."""
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
    """A branch of the remote that holds the history and nothing else."""

    git: Git
    remote: str
    branch: str

    def read(self) -> str:
        """The history as it is there now, empty if there is none."""
        return self._content(self._fetched())

    def store(self, change: Change) -> str:
        """Change the history, and return it.

        Raises:
            ReadOnlyError: if the token may not write.
            ToolError: if it cannot be pushed.
        """
        for _ in range(_ATTEMPTS):
            parent = self._fetched()
            before = self._content(parent)
            text = change(before)
            if parent and text == before:
                return text
            commit = self._commit(text, parent)
            pushed = self.git.run(
                *("push", "--quiet", "--no-verify", self.remote),
                f"{commit}:refs/heads/{self.branch}",
            )
            if pushed.code == 0:
                return text
            self._refuse_unless_outrun(pushed)
        raise ToolError(
            f"{self.branch}: {_ATTEMPTS} pushes were rejected",
            hint="run the command again when fewer others write",
        )

    def _refuse_unless_outrun(self, pushed: Outcome) -> None:
        """Go on only where another writer was quicker."""
        rows = pushed.stderr.splitlines()
        denied = next(filter(_DENIED.search, rows), "")
        if denied:
            raise ReadOnlyError(f"{self.branch}: {denied.strip()}")
        if not _OUTRUN.search(pushed.stderr):
            raise ToolError(
                f"{self.branch}: {pushed.tail(3)}",
                hint=f"check that `git push {self.remote}` works",
            )

    def _fetched(self) -> str:
        """The commit of the branch there, fetched; empty if it does not exist."""
        name = f"refs/heads/{self.branch}"
        listed = self.git.read("ls-remote", self.remote, name)
        commit = listed.partition("\t")[0].strip()
        if commit and not self.git.commit(commit):
            self.git.succeed(
                *("fetch", "--quiet", "--no-tags", "--depth=1"), self.remote, commit
            )
        return commit

    def _content(self, commit: str) -> str:
        if not commit or not self.git.read("ls-tree", "--name-only", commit, FILE):
            return ""
        return self.git.read("cat-file", "blob", f"{commit}:{FILE}")

    def _commit(self, text: str, parent: str) -> str:
        """A commit with the history, beside the index and the work tree."""
        with tempfile.TemporaryDirectory() as directory:
            variables = {**self.git.variables, **BOT}
            variables["GIT_INDEX_FILE"] = str(Path(directory) / "index")
            git = replace(self.git, variables=variables)
            if parent:
                git.succeed("read-tree", parent)
            file = Path(directory) / FILE
            write_text(file, text)
            blob = git.read("hash-object", "-w", "--no-filters", str(file)).strip()
            git.succeed("update-index", "--add", "--cacheinfo", f"100644,{blob},{FILE}")
            tree = git.read("write-tree").strip()
            parents = ("-p", parent) if parent else ()
            return git.read("commit-tree", tree, *parents, "-m", _MESSAGE).strip()


def history_branch(
    root: Path, branch: str, variables: Mapping[str, str], remote: str = "origin"
) -> HistoryBranch:
    """The branch of a repository's remote, with the token of the workflow if any."""
    return HistoryBranch(with_token(Git(root), push_token(variables)), remote, branch)
