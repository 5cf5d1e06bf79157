"""Find the commit to compare a change with.

"Unknown" is a valid result, with its reason: everything then counts as changed. An
empty list of changes never hides a failure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from ci_engine.errors import ToolError
from ci_engine.github.event import Event, read_event
from ci_engine.project.git import Git, has_git

# The amounts of history to fetch, step by step, until it includes the diff base.
_DEPTHS = (50, 500, 5000)
_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")


class DiffBase(msgspec.Struct, frozen=True):
    """The commit to compare a change with.

    Attributes:
        commit: the commit before the change; None = unknown, everything changed.
        reason: how it was found, or why it is not known.
    """

    commit: str | None
    reason: str


def find_diff_base(
    root: Path,
    since: str,
    variables: Mapping[str, str],
    head: str = "HEAD",
    option: str = "--since",
) -> DiffBase:
    """Find the commit to compare a change with.

    That is ``since`` if given; in GitHub Actions the base of the event; else the
    merge base of HEAD and the main branch.
    """
    if not has_git():
        return DiffBase(None, "git is not installed")
    history = _History(Git(root), head)
    if not history.git.commit("HEAD"):
        return DiffBase(None, history.why_empty())
    if head != "HEAD" and not history.have(head):
        return DiffBase(None, f"--head {head} is not in this clone")
    if since:
        return history.merge_base(since, f"{option} {since}")
    if variables.get("GITHUB_ACTIONS") == "true":
        return _of_event(history, variables)
    return history.branched_off(_BRANCHES)


def find_branch_point(root: Path, branch: str, head: str) -> DiffBase:
    """Find the merge base with a branch of origin, fetching it if needed."""
    if not has_git():
        return DiffBase(None, "git is not installed")
    history = _History(Git(root), head)
    history.fetch_branch(branch)
    return history.merge_base(
        f"origin/{branch}", f"the merge base with origin/{branch}"
    )


def _of_event(history: _History, variables: Mapping[str, str]) -> DiffBase:
    """The base of an event; if it is HEAD itself, it is not usable."""
    name = variables.get("GITHUB_EVENT_NAME", "")
    try:
        event = read_event(variables)
    except ToolError as error:
        return DiffBase(None, f"the event {name!r} cannot be read: {error}")
    if name.startswith("pull_request") and event.base_sha:
        base = _of_pull_request(history, event)
    elif name == "merge_group" and event.base_sha:
        base = history.merge_base(event.base_sha, "the base of the merge group")
    elif name == "push" and event.ref.startswith("refs/heads/"):
        base = _of_push(history, event)
    else:
        return DiffBase(None, f"the event {name!r} is not about a change")
    if base.commit is not None and base.commit == history.git.commit("HEAD"):
        return DiffBase(None, f"{base.reason}: it is the commit that is checked out")
    return base


def _of_pull_request(history: _History, event: Event) -> DiffBase:
    parents = history.parents()
    # HEAD may also be a merge by the author, whose first parent is their own.
    if len(parents) == 2 and parents[1] == event.head_sha:  # noqa: PLR2004
        if history.have(parents[0]):
            return DiffBase(parents[0], "the target branch of the pull request")
        return DiffBase(None, "the history is too shallow for the target branch")
    return history.merge_base(event.base_sha, "the base of the pull request")


def _of_push(history: _History, event: Event) -> DiffBase:
    before = event.before
    new = not before.strip("0")
    if not new and not event.forced and history.have(before):
        return DiffBase(before, "the commit before the push")
    branches: Sequence[str] = _BRANCHES
    if event.default_branch:
        history.fetch_branch(event.default_branch)
        branches = (f"origin/{event.default_branch}", *_BRANCHES)
    base = history.branched_off(branches)
    what = "a new branch" if new else f"{before[:12]} was removed by a force push"
    return DiffBase(base.commit, f"{what}: {base.reason}")


class _History:
    """The commits of a repository; a shallow clone is deepened as needed."""

    def __init__(self, git: Git, head: str) -> None:
        self.git = git
        self.head = head

    def why_empty(self) -> str:
        """Why there is no commit here."""
        outcome = self.git.run("rev-parse", "--is-inside-work-tree")
        if outcome.code == 0:
            return "there is no commit yet"
        rows = outcome.stderr.strip().splitlines() or [outcome.describe_exit()]
        return f"git has no work tree here: {rows[0]}"

    def parents(self) -> list[str]:
        """The parents in the commit object of HEAD, even beyond a shallow clone."""
        header, _, _ = self.git.run("cat-file", "commit", "HEAD").stdout.partition(
            "\n\n"
        )
        rows = [row.partition(" ") for row in header.split("\n")]
        return [value for key, _, value in rows if key == "parent"]

    def have(self, name: str) -> bool:
        """Whether a commit is available, after fetching more history if needed."""
        return bool(self.git.commit(name)) or any(
            self.git.commit(name) for _ in self._deepen(name)
        )

    def _deepen(self, *wanted: str) -> Iterator[None]:
        """Deepen the history of a shallow clone step by step."""
        for depth in _DEPTHS:
            if not self.git.is_shallow():
                return
            # HEAD may belong to no branch, as in a pull request.
            head = self.git.commit("HEAD")
            fetch = ("fetch", "--quiet", "--no-tags", f"--deepen={depth}", "origin")
            full = [name for name in wanted if re.fullmatch("[0-9a-f]{40,64}", name)]
            if (
                self.git.run(*fetch, head, *full).code != 0
                and self.git.run(*fetch).code != 0
            ):
                return
            yield

    def fetch_branch(self, name: str) -> None:
        """Fetch a branch that a single-branch checkout lacks."""
        if not self.git.commit(f"origin/{name}"):
            refspec = f"+refs/heads/{name}:refs/remotes/origin/{name}"
            self.git.run("fetch", "--quiet", "--no-tags", "origin", refspec)

    def _shared(self, name: str) -> str:
        if not name or name.startswith("-"):
            return ""
        outcome = self.git.run("merge-base", name, self.head)
        return outcome.stdout.strip() if outcome.code == 0 else ""

    def merge_base(self, name: str, what: str) -> DiffBase:
        """The merge base of a commit and the head."""
        found = self._shared(name)
        if not found and not self.have(name):
            return DiffBase(
                None, f"{what} is not in this clone: {name[:12] or 'not named'}"
            )
        if not found:
            found = self._shared(name)
        if not found:
            deeper = (self._shared(name) for _ in self._deepen(name))
            found = next(filter(None, deeper), "")
        if not found:
            return DiffBase(None, f"{what} shares no history with HEAD")
        return DiffBase(found, what)

    def branched_off(self, branches: Sequence[str]) -> DiffBase:
        """The merge base with the first of these branches that exists."""
        for name in branches:
            if self.git.commit(name):
                return self.merge_base(name, f"the merge base with {name}")
        return DiffBase(None, f"none of these branches exists: {', '.join(branches)}")
