"""Where a change started and what it touched, asked of git.

"Unknown" is an answer, with its reason. Who gets it must treat everything as
changed: an empty list of changes is only ever the truth, never a failure.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from ci_engine.environments.environment import child_variables
from ci_engine.errors import ToolError
from ci_engine.processes.programs import (
    Outcome,
    find_program,
    probe_program,
    run_program,
)

__all__ = [
    "DiffBase",
    "Repository",
    "find_diff_base",
    "is_checked_out",
]

_SECONDS = 120.0
# How much history is fetched, step by step, until the start of the change is in it.
_DEEPER = (50, 500, 5000)
_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")


class DiffBase(msgspec.Struct, frozen=True):
    """Where a change started.

    Attributes:
        commit: the commit before the change; None = unknown: everything changed.
        reason: how it was found, or why it is not known.
    """

    commit: str | None
    reason: str


class _Commit(msgspec.Struct):
    sha: str = ""


class _PullRequest(msgspec.Struct):
    base: _Commit
    head: _Commit


class _MergeGroup(msgspec.Struct):
    base_sha: str = ""


class _Remote(msgspec.Struct):
    default_branch: str = ""


class _Event(msgspec.Struct):
    """What GitHub says about the event, as far as it matters here."""

    pull_request: _PullRequest | None = None
    merge_group: _MergeGroup | None = None
    repository: _Remote | None = None
    before: str = ""
    forced: bool = False
    ref: str = ""


def find_diff_base(
    root: Path,
    since: str = "",
    variables: Mapping[str, str] = os.environ,
    head: str = "HEAD",
) -> DiffBase:
    """Find the commit that a change started from.

    It is what ``since`` says; in GitHub Actions what the event says; else the last
    commit that HEAD shares with the main branch.

    Args:
        root: the repository.
        since: a commit, branch or tag; empty = find out.
        variables: the environment.
        head: the commit the change ends with.
    """
    if find_program("git") is None:
        return DiffBase(None, "git is not installed")
    repository = Repository(root, head)
    if not repository.commit("HEAD"):
        return DiffBase(None, repository.why_empty())
    if head != "HEAD" and not repository.have(head):
        return DiffBase(None, f"--head {head} is not here")
    if since:
        return repository.given(since)
    if variables.get("GITHUB_ACTIONS") == "true":
        return _of_event(repository, variables)
    return repository.branched_off(_BRANCHES)


def _of_event(repository: Repository, variables: Mapping[str, str]) -> DiffBase:
    """What the event of a workflow says; a start that is HEAD itself is a mistake."""
    name = variables.get("GITHUB_EVENT_NAME", "")
    try:
        text = Path(variables.get("GITHUB_EVENT_PATH", "")).read_bytes()
        event = msgspec.json.decode(text, type=_Event)
    except (OSError, msgspec.DecodeError) as error:
        return DiffBase(None, f"the event {name!r} cannot be read: {error}")
    if name.startswith("pull_request") and event.pull_request is not None:
        start = _of_pull_request(repository, event.pull_request)
    elif name == "merge_group" and event.merge_group is not None:
        commit = event.merge_group.base_sha
        start = repository.shared_with(commit, "the base of the merge group")
    elif name == "push" and event.ref.startswith("refs/heads/"):
        start = _of_push(repository, event)
    else:
        return DiffBase(None, f"the event {name!r} is not about a change")
    if start.commit is not None and start.commit == repository.commit("HEAD"):
        return DiffBase(None, f"{start.reason}: that is what is checked out")
    return start


def _of_pull_request(repository: Repository, pull_request: _PullRequest) -> DiffBase:
    parents = repository.parents()
    # HEAD may also be a merge that the author made: then its first parent is theirs.
    if len(parents) == 2 and parents[1] == pull_request.head.sha:  # noqa: PLR2004
        if repository.have(parents[0]):
            return DiffBase(parents[0], "what the pull request is merged into")
        return DiffBase(None, "history is too shallow for what is merged into")
    return repository.shared_with(pull_request.base.sha, "the base of the pull request")


def _of_push(repository: Repository, event: _Event) -> DiffBase:
    before = event.before
    new = not before.strip("0")
    if not new and not event.forced and repository.have(before):
        return DiffBase(before, "what was there before the push")
    default = event.repository.default_branch if event.repository else ""
    branches: Sequence[str] = _BRANCHES
    if default:
        repository.fetch_branch(default)
        branches = (f"origin/{default}", *_BRANCHES)
    start = repository.branched_off(branches)
    what = "a new branch" if new else f"{before[:12]} was pushed away"
    return DiffBase(start.commit, f"{what}: {start.reason}")


class Repository:
    """Questions to git in one work tree; none of them ever asks for a password."""

    def __init__(self, root: Path, head: str = "HEAD") -> None:
        self.root = root
        self.head = head
        self.variables = child_variables(
            {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
        )

    def run(self, *words: str) -> Outcome:
        """Run git in the root."""
        return run_program(
            ["git", *words],
            cwd=self.root,
            timeout=_SECONDS,
            variables=self.variables,
        )

    def ask(self, *words: str, given: str) -> bytes:
        """What git answers to what it is given, nothing if it fails."""
        return probe_program(
            ["git", *words],
            given.encode(),
            cwd=self.root,
            timeout=_SECONDS,
            variables=self.variables,
        )

    def need(self, *words: str) -> str:
        """Run git and return what it prints.

        Raises:
            ToolError: if it fails.
        """
        outcome = self.run(*words)
        if outcome.code != 0:
            raise ToolError(
                f"git {words[0]}: {outcome.describe_exit()}: {outcome.tail(3)}",
                hint="run `git status` and correct what it reports",
            )
        return outcome.stdout

    def commit(self, name: str) -> str:
        """The id of a commit, empty if it is not here."""
        if not name or name.startswith("-"):
            return ""
        outcome = self.run("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        return outcome.stdout.strip() if outcome.code == 0 else ""

    def prefix(self) -> str:
        """Where the root is, seen from the top of the work tree.

        Raises:
            ToolError: if git cannot tell.
        """
        return self.need("rev-parse", "--show-prefix").removesuffix("\n")

    def why_empty(self) -> str:
        """Why there is no commit here."""
        outcome = self.run("rev-parse", "--is-inside-work-tree")
        if outcome.code == 0:
            return "there is no commit yet"
        said = next(iter(outcome.stderr.strip().splitlines()), outcome.describe_exit())
        return f"git has no work tree here: {said}"

    def parents(self) -> list[str]:
        """The parents of HEAD as its commit names them, also where they are cut off."""
        outcome = self.run("cat-file", "commit", "HEAD")
        head, _, _ = outcome.stdout.partition("\n\n")
        rows = [row.partition(" ") for row in head.split("\n")]
        return [value for key, _, value in rows if key == "parent"]

    def have(self, name: str) -> bool:
        """Whether a commit is here, after fetching more history if need be."""
        return bool(self.commit(name)) or any(
            self.commit(name) for _ in self.deepen(name)
        )

    def deepen(self, *wanted: str) -> Iterator[None]:
        """Fetch more and more history of a shallow clone."""
        for number in _DEEPER:
            if (
                self.run("rev-parse", "--is-shallow-repository").stdout.strip()
                != "true"
            ):
                return
            # The history of HEAD may belong to no branch, as in a pull request.
            head = self.commit("HEAD")
            fetch = ("fetch", "--quiet", "--no-tags", f"--deepen={number}", "origin")
            full = [name for name in wanted if re.fullmatch("[0-9a-f]{40,64}", name)]
            if self.run(*fetch, head, *full).code != 0 and self.run(*fetch).code != 0:
                return
            yield

    def fetch_branch(self, name: str) -> None:
        """Fetch a branch that a checkout of another one left out."""
        if not self.commit(f"origin/{name}"):
            where = f"+refs/heads/{name}:refs/remotes/origin/{name}"
            self.run("fetch", "--quiet", "--no-tags", "origin", where)

    def shared(self, name: str) -> str:
        """The last commit that a commit and HEAD share, empty if none is known."""
        outcome = self.run("merge-base", name, self.head)
        return outcome.stdout.strip() if outcome.code == 0 else ""

    def shared_with(self, name: str, what: str) -> DiffBase:
        """Start where HEAD and another commit parted."""
        if not self.have(name):
            return DiffBase(None, f"{what} is not here: {name[:12] or 'not named'}")
        found = self.shared(name)
        if not found:
            deeper = (self.shared(name) for _ in self.deepen(name))
            found = next(filter(None, deeper), "")
        if not found:
            return DiffBase(None, f"{what} shares no history with HEAD")
        return DiffBase(found, what)

    def given(self, since: str) -> DiffBase:
        """Start at what the user named."""
        return self.shared_with(since, f"--since {since}")

    def branched_off(self, branches: Sequence[str]) -> DiffBase:
        """Start where HEAD left the first of these branches that is there."""
        for name in branches:
            if self.commit(name):
                return self.shared_with(name, f"where HEAD left {name}")
        return DiffBase(None, f"none of {', '.join(branches)} is here")


def is_checked_out(root: Path, name: str) -> bool:
    """Whether a commit is the one that the work tree was made of."""
    repository = Repository(root)
    commit = repository.commit(name)
    return bool(commit) and commit == repository.commit("HEAD")
