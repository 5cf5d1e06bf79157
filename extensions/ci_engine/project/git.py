"""Run git; no other module of the engine does."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ci_engine.errors import ToolError
from ci_engine.processes.child_environment import child_variables
from ci_engine.processes.programs import (
    Outcome,
    find_program,
    probe_program,
    run_program,
)

_SECONDS = 120.0
# The first one that has every option the engine uses, such as --path-format.
OLDEST_GIT = (2, 31)
# How git ends if it does not know an option.
_USAGE = 129
# git must not prompt for passwords or take locks, and must report in English.
_QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
# The configuration in a repository can name programs: the author of a downloaded
# repository wrote it, too.
SAFE = (
    *("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}"),
    *("-c", "log.showSignature=false", "-c", "protocol.ext.allow=never"),
    # A commit may contain a bare repository in any of its directories.
    *("-c", "safe.bareRepository=explicit"),
)
_FILTERS = r"^filter\..*\.(clean|smudge|process|required)$"
# The configuration of `git lfs install --local`, which actions/checkout also writes.
_LFS = re.compile(r"git-lfs (clean|smudge|filter-process)( --skip)?( -- %f)?")


@cache
def without_filters(root: Path) -> tuple[str, ...]:
    """Options that disable the filters which a repository's configuration names.

    Those of the user, and those of Git LFS, are kept.
    """
    listed = run_program(
        ["git", *SAFE, "config", "--show-scope", "-z", "--get-regexp", _FILTERS],
        cwd=root,
        timeout=_SECONDS,
        variables={**child_variables(), **_QUIET},
    )
    fields = listed.stdout.split("\0") if listed.code == 0 else []
    options: list[str] = []
    for scope, setting in zip(fields[0::2], fields[1::2], strict=False):
        key, _, value = setting.partition("\n")
        if scope in ("local", "worktree") and not _LFS.fullmatch(value):
            off = "false" if key.endswith(".required") else ""
            options += ["-c", f"{key}={off}"]
    return tuple(options)


def has_git() -> bool:
    """Whether git is installed."""
    return find_program("git") is not None


@dataclass(frozen=True)
class Git:
    """Runs git in one directory.

    Attributes:
        options: options of git itself, before every command.
    """

    root: Path
    variables: Mapping[str, str] = field(default_factory=child_variables)
    options: tuple[str, ...] = ()
    timeout: float = _SECONDS
    cancel: threading.Event | None = None

    def _git(self) -> tuple[str, ...]:
        return ("git", *SAFE, *without_filters(self.root), *self.options)

    def run(self, *arguments: str) -> Outcome:
        """Run a command, whatever its exit code."""
        return run_program(
            [*self._git(), *arguments],
            cwd=self.root,
            timeout=self.timeout,
            variables={**self.variables, **_QUIET},
            cancel=self.cancel,
        )

    def succeed(self, *arguments: str) -> Outcome:
        """Run a command that must succeed.

        Raises:
            ToolError: if it fails.
        """
        outcome = self.run(*arguments)
        if outcome.code != 0:
            # Options come first, and with -c a setting.
            words = [a for a in arguments if not a.startswith("-") and "=" not in a]
            command = words[0] if words else ""
            if outcome.code == _USAGE:
                raise ToolError(
                    f"git {command}: this git is too old",
                    hint="install git {}.{} or later".format(*OLDEST_GIT),
                )
            raise ToolError(
                f"git {command}: {outcome.describe_exit()}: {outcome.tail(3)}",
                hint="run `git status` and correct what it reports",
            )
        return outcome

    def read(self, *arguments: str) -> str:
        """Run a command that must succeed, and return its output."""
        return self.succeed(*arguments).stdout

    def answer(self, *arguments: str, text: str) -> bytes:
        """Run a command with input; returns its output, empty if it fails."""
        return probe_program(
            [*self._git(), *arguments],
            text.encode("utf-8", "surrogateescape"),
            cwd=self.root,
            timeout=self.timeout,
            variables={**self.variables, **_QUIET},
        )

    def commit(self, name: str) -> str:
        """The id of a commit, empty if it is not in this clone."""
        if not name or name.startswith("-"):
            return ""
        outcome = self.run("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        return outcome.stdout.strip() if outcome.code == 0 else ""

    def is_shallow(self) -> bool:
        """Whether a part of the history is missing."""
        outcome = self.run("rev-parse", "--is-shallow-repository")
        return outcome.stdout.strip() == "true"

    def is_checked_out(self, name: str) -> bool:
        """Whether a commit is the one that is checked out."""
        commit = self.commit(name)
        return bool(commit) and commit == self.commit("HEAD")

    def untracked(self, *patterns: str) -> list[str]:
        """The files that git neither tracks nor ignores."""
        command = ("ls-files", "-z", "--others", "--exclude-standard", "--", *patterns)
        return self.succeed(*command).names()
