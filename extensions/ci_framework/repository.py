"""The repository to adopt, as git sees it. Nothing here runs its code."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ci_engine.errors import CommandError, ToolError, UsageError
from ci_engine.project.git import SAFE, without_filters

# User settings of git that could change its output or its objects.
_PLAIN = (
    "-c",
    "core.quotePath=false",
    "-c",
    "color.ui=false",
    "-c",
    "commit.gpgSign=false",
    "-c",
    "advice.detachedHead=false",
)


@dataclass(frozen=True)
class Entry:
    """One tracked file.

    Attributes:
        mode: git mode: 100644, 100755, 120000 (a link) or 160000 (a submodule).
    """

    mode: str
    blob: str

    @property
    def is_file(self) -> bool:
        """Whether it is an ordinary file."""
        return self.mode.startswith("100")


def configures_git(name: str) -> bool:
    """Whether a variable contains the user's git settings.

    Without them git would, for example, use other line ends than for the user.
    """
    return name in ("GIT_SSH", "GIT_SSH_COMMAND") or name.startswith("GIT_CONFIG_")


class Repository:
    """A git repository with a work tree."""

    def __init__(
        self, root: Path, git_directory: Path, *, read_only: bool = False
    ) -> None:
        """Use ``open_repository`` instead."""
        self.root = root
        self.read_only = read_only
        # All work trees of the repository share it, so each finds the journals.
        self.git_directory = git_directory

    def git(
        self,
        *words: str,
        stdin: bytes = b"",
        variables: Mapping[str, str] | None = None,
    ) -> bytes:
        """Run git and return its output.

        Raises:
            ToolError: if it fails, with its message.
        """
        done = self.try_git(*words, stdin=stdin, variables=variables)
        if done.returncode != 0:
            message = done.stderr.decode("utf-8", "replace").strip() or "no message"
            raise ToolError(f"git {_subcommand(words)} failed: {message}")
        return done.stdout

    def try_git(
        self,
        *words: str,
        stdin: bytes = b"",
        variables: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run git and return its outcome."""
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("GIT_") or configures_git(name)
        }
        environment |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
        environment |= {"GIT_OPTIONAL_LOCKS": "0", **(variables or {})}
        # Written files must pass the filters of the repository, such as git-crypt.
        filters = without_filters(self.root) if self.read_only else ()
        try:
            return subprocess.run(
                ["git", *SAFE, *_PLAIN, *filters, *words],
                cwd=self.root,
                input=stdin,
                capture_output=True,
                env=environment,
                check=False,
            )
        except FileNotFoundError as error:
            raise ToolError("git is not installed", hint="install git") from error

    def line(self, *words: str) -> str:
        """Run git and return its one line of output, empty if it fails."""
        done = self.try_git(*words)
        return "" if done.returncode else done.stdout.decode("utf-8", "replace").strip()

    @cached_property
    def head(self) -> str:
        """The commit that is checked out, empty before the first one."""
        return self.commit("HEAD")

    @cached_property
    def branch(self) -> str:
        """The branch that is checked out, empty when HEAD is detached."""
        return self.line("symbolic-ref", "--quiet", "--short", "HEAD")

    @cached_property
    def private_directory(self) -> Path:
        """The git directory of this work tree only: its index, HEAD and locks."""
        return Path(os.fsdecode(self.git("rev-parse", "--absolute-git-dir")).rstrip())

    def forget(self) -> None:
        """Clear the cached properties after HEAD, the branch or the index moved."""
        for name in ("head", "branch", "tracked"):
            self.__dict__.pop(name, None)

    def commit(self, name: str) -> str:
        """The full name of a commit, empty if there is none."""
        return self.line("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")

    @cached_property
    def tracked(self) -> dict[str, Entry]:
        """The files of the index by path, sorted; unmerged ones once."""
        return dict(sorted(self.entries().items()))

    def entries(
        self, commit: str = "", *, variables: Mapping[str, str] | None = None
    ) -> dict[str, Entry]:
        """The files of a commit, or of the index as it is now, by path."""
        if commit:
            rows = self.git("ls-tree", "-r", "-z", "--full-tree", commit)
        else:
            rows = self.git("ls-files", "--stage", "-z", variables=variables)
        found: dict[str, Entry] = {}
        for row in rows.split(b"\0"):
            if row:
                facts, _, name = row.partition(b"\t")
                words = facts.decode().split(" ")
                # `mode blob stage` in the index, `mode type blob` in a tree.
                found[os.fsdecode(name)] = Entry(words[0], words[2 if commit else 1])
        return found

    def changed_files(self) -> list[str]:
        """The tracked files that differ from the commit, staged or not."""
        rows = self.git(
            "status",
            "--porcelain=v1",
            "-z",
            "--untracked-files=no",
            "--no-renames",
            "--ignore-submodules=dirty",
        )
        return sorted(os.fsdecode(row[3:]) for row in rows.split(b"\0") if row)

    def references(self, *prefixes: str) -> dict[str, str]:
        """Refs with the objects they name."""
        pairs = "--format=%(objectname) %(refname)"
        rows = os.fsdecode(self.git("for-each-ref", pairs, *prefixes)).splitlines()
        return {name: value for value, name in (row.split(" ", 1) for row in rows)}

    def read(self, path: str) -> bytes | None:
        """The bytes of a file in the work tree, None if there is no readable file.

        A link is not followed: its target belongs to someone else.
        """
        location = self.root / path
        try:
            return None if location.is_symlink() else location.read_bytes()
        except OSError:
            return None

    def blob(self, path: str) -> bytes | None:
        """The bytes of a file as stored by git, None if it is not tracked."""
        entry = self.tracked.get(path)
        if entry is None or not entry.is_file:
            return None
        return self.git("cat-file", "blob", entry.blob)


def _subcommand(words: Sequence[str]) -> str:
    """The subcommand of a git call, after git's own options."""
    rest = list(words)
    while len(rest) > 1 and rest[0] in ("-c", "-C"):
        rest = rest[2:]
    return rest[0]


def open_repository(path: Path, *, read_only: bool = False) -> Repository:
    """Open the repository with the root directory ``path``.

    Args:
        path: the directory.
        read_only: whether nothing is written, so that no program runs that the
            repository's configuration names.

    Raises:
        UsageError: if there is none, it has no work tree, or ``path`` is inside it.
        ToolError: if git is not installed.
    """
    if not path.is_dir():
        raise UsageError(
            f"{path}: no such directory", hint="name the top of a git repository"
        )
    probe = Repository(path.resolve(), path)
    done = probe.try_git("rev-parse", "--show-toplevel")
    top = os.fsdecode(done.stdout).rstrip("\n")
    if not top:
        raise _no_work_tree(probe, path, done.stderr.decode("utf-8", "replace").strip())
    if Path(top).resolve() != path.resolve():
        raise UsageError(
            f"{path}: inside the repository {top}, not its top",
            hint=f"run the command on {top}",
        )
    common = probe.line("rev-parse", "--git-common-dir")
    git_directory = (path / common).resolve()
    return Repository(path.resolve(), git_directory, read_only=read_only)


def _no_work_tree(probe: Repository, path: Path, message: str) -> UsageError:
    if "dubious ownership" in message:
        # Someone else owns the directory: git reports the reason and the remedy.
        hint = f"git config --global --add safe.directory {path.resolve()}"
        return UsageError(f"{path}: git: {message.splitlines()[0]}", hint=hint)
    if probe.line("--git-dir=.", "rev-parse", "--is-bare-repository") == "true":
        return UsageError(
            f"{path}: a bare repository, which has no work tree",
            hint=f"run the command on a clone: git clone {shlex.quote(str(path))}",
        )
    return UsageError(
        f"{path}: no git work tree",
        hint="run `git init && git add --all && git commit` there first",
    )


def describe(error: CommandError) -> str:
    """An error with its hint, for one line of a table."""
    return f"{error} (hint: {error.hint})" if error.hint else str(error)
