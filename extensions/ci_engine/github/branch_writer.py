"""Update a branch that is never checked out, despite concurrent pushes.

A commit is made without the index and the work tree, and pushed. If another writer was
faster, the push is rejected, and the change is repeated on the new commit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from ci_engine.errors import ToolError
from ci_engine.github.pushing import BOT, push_token, with_token
from ci_engine.processes.programs import Outcome
from ci_engine.project.git import Git

# Each time at least one of the other writers has succeeded.
_ATTEMPTS = 10
_DENIED = re.compile(r"\b403\b|denied|not allowed|unauthori[sz]ed|read-only", re.I)
_OUTRUN = re.compile(
    r"fetch first|non-fast-forward|cannot lock ref|failed to update ref|old value", re.I
)


class ReadOnlyError(ToolError):
    """The token has no write access to the branch."""


class TreeEntry(NamedTuple):
    """A file or directory, as stored in git."""

    mode: str
    kind: str
    object: str


FILE_MODE, LINK_MODE, DIRECTORY_MODE = "100644", "120000", "040000"


@dataclass
class BranchTree:
    """The root directory of a branch, to be changed.

    Attributes:
        parent: its commit, empty if the branch does not exist.
        entries: files and directories by their names.
    """

    git: Git
    parent: str
    entries: dict[str, TreeEntry]

    def read(self, path: str) -> str:
        """The text of a file, empty if it does not exist."""
        name, _, below = path.partition("/")
        entry = self.entries.get(name)
        if entry is None or (entry.kind == "tree") != bool(below):
            return ""
        shown = self.git.run(
            "cat-file", "blob", f"{entry.object}{below and ':'}{below}"
        )
        return shown.stdout if shown.code == 0 else ""

    def write(self, name: str, text: str, mode: str = FILE_MODE) -> None:
        """Add or replace a file in the root."""
        blob = self.git.answer("hash-object", "-w", "--stdin", text=text)
        self.entries[name] = TreeEntry(mode, "blob", _identifier(blob))

    def put(self, name: str, tree: str) -> None:
        """Add or replace a directory in the root."""
        self.entries[name] = TreeEntry(DIRECTORY_MODE, "tree", tree)

    def commit(self, message: str) -> str:
        """Commit it on top of its parent."""
        rows = [
            f"{mode} {kind} {identifier}\t{name}\0"
            for name, (mode, kind, identifier) in self.entries.items()
        ]
        made = self.git.answer("mktree", "-z", "--missing", text="".join(rows))
        parents = ("-p", self.parent) if self.parent else ()
        words = ("commit-tree", _identifier(made), *parents, "-m", message)
        return self.git.read(*words).strip()


def _identifier(printed: bytes) -> str:
    """The name of the object that git has written."""
    text = printed.decode("ascii", "replace").strip()
    if not text:
        raise ToolError(
            "git cannot write an object",
            hint="check the permissions of .git and the free disk space",
        )
    return text


def read_entries(git: Git, tree: str) -> dict[str, TreeEntry]:
    """Read the root directory of a commit or of a tree."""
    entries: dict[str, TreeEntry] = {}
    for row in git.succeed("ls-tree", "-z", tree).names():
        facts, _, name = row.partition("\t")
        entries[name] = TreeEntry(*facts.split())
    return entries


# Changes the root of a branch; returns whether there is something to push.
TreeChange = Callable[[BranchTree], bool]


@dataclass(frozen=True)
class BranchWriter:
    """A branch of the remote that is updated without checking it out."""

    git: Git
    remote: str
    branch: str

    def fetched(self) -> str:
        """Fetch the remote commit of the branch; empty if it does not exist."""
        name = f"refs/heads/{self.branch}"
        listed = self.git.read("ls-remote", self.remote, name)
        commit = listed.partition("\t")[0].strip()
        if commit and not self.git.commit(commit):
            self.git.succeed(
                *("fetch", "--quiet", "--no-tags", "--depth=1"), self.remote, commit
            )
        return commit

    def tree(self) -> BranchTree:
        """The current root of the branch."""
        parent = self.fetched()
        git = replace(self.git, variables={**self.git.variables, **BOT})
        entries = read_entries(git, parent) if parent else {}
        return BranchTree(git, parent, entries)

    def update(self, change: TreeChange, message: str) -> str:
        """Update the branch, and return its commit.

        Args:
            change: is called again with the new state if another writer was faster.
            message: the message of the commit.

        Raises:
            ReadOnlyError: if the token has no write access.
            ToolError: if it cannot be pushed.
        """
        for _ in range(_ATTEMPTS):
            tree = self.tree()
            if not change(tree):
                return tree.parent
            commit = tree.commit(message)
            pushed = self.git.run(
                *("push", "--quiet", "--no-verify", self.remote),
                f"{commit}:refs/heads/{self.branch}",
            )
            if pushed.code == 0:
                return commit
            self._refuse_unless_outrun(pushed)
        raise ToolError(
            f"{self.branch}: {_ATTEMPTS} pushes were rejected",
            hint="run the command again later",
        )

    def _refuse_unless_outrun(self, pushed: Outcome) -> None:
        """Raise an error unless another writer was faster."""
        rows = pushed.stderr.splitlines()
        denied = next(filter(_DENIED.search, rows), "")
        if denied:
            raise ReadOnlyError(f"{self.branch}: {denied.strip()}")
        if not _OUTRUN.search(pushed.stderr):
            raise ToolError(
                f"{self.branch}: {pushed.tail(3)}",
                hint=f"check that `git push {self.remote}` works",
            )


def branch_writer(
    root: Path, branch: str, variables: Mapping[str, str], remote: str = "origin"
) -> BranchWriter:
    """A branch of the repository's remote, with the workflow's token if any."""
    return BranchWriter(with_token(Git(root), push_token(variables)), remote, branch)
