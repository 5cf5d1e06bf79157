"""Where a change started and what it touched, asked of git.

"Unknown" is an answer, with its reason. Who gets it must treat everything as
changed: an empty list of changes is only ever the truth, never a failure.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ci_engine.environment import child_variables
from ci_engine.errors import ToolError
from ci_engine.run import Outcome, find_program, run_program

__all__ = [
    "Change",
    "Start",
    "changed_files",
    "changed_lines",
    "find_start",
    "is_checked_out",
]

_SECONDS = 120.0
# How much history is fetched, step by step, until the start of the change is in it.
_DEEPER = (50, 500, 5000)
_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
_SUBMODULE = "160000"
# What a user's configuration of git must not change.
_DIFF = (
    "-c",
    "core.quotePath=false",
    "diff",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--no-renames",
    "--ignore-submodules=dirty",
)
_PATCH = (
    "--unified=0",
    "--inter-hunk-context=0",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--submodule=short",
    "--ignore-cr-at-eol",
    "--relative",
    "--text",
)
_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ESCAPE = re.compile(r'\\([abtnvfr"\\]|[0-7]{3})')
_ESCAPED = {
    "a": "\a",
    "b": "\b",
    "t": "\t",
    "n": "\n",
    "v": "\v",
    "f": "\f",
    "r": "\r",
    '"': '"',
    "\\": "\\",
}


@dataclass(frozen=True)
class Start:
    """Where a change started.

    Attributes:
        commit: the commit before the change; None = unknown: everything changed.
        reason: how it was found, or why it is not known.
    """

    commit: str | None
    reason: str


@dataclass(frozen=True, order=True)
class Change:
    """One file that a change touched; a rename is a deletion and an addition.

    Attributes:
        path: relative to the root with ``/``; starts with ``../`` outside of it.
        status: git's letter: A, M, D or T; A for a file git does not know yet.
        submodule: whether it is the pointer of a submodule.
    """

    path: str
    status: str
    submodule: bool = False


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


def find_start(
    root: Path,
    since: str = "",
    variables: Mapping[str, str] = os.environ,
    head: str = "HEAD",
) -> Start:
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
        return Start(None, "git is not installed")
    repository = _Repository(root, head)
    outcome = repository.run("rev-parse", "--is-inside-work-tree")
    if outcome.code != 0:
        said = next(iter(outcome.stderr.strip().splitlines()), outcome.ending())
        return Start(None, f"git has no work tree here: {said}")
    if not repository.commit("HEAD"):
        return Start(None, "there is no commit yet")
    if head != "HEAD" and not repository.have(head):
        return Start(None, f"--head {head} is not here")
    if since:
        return repository.given(since)
    if variables.get("GITHUB_ACTIONS") == "true":
        return _of_event(repository, variables)
    return repository.branched_off(_BRANCHES)


def _of_event(repository: _Repository, variables: Mapping[str, str]) -> Start:
    """What the event of a workflow says; a start that is HEAD itself is a mistake."""
    name = variables.get("GITHUB_EVENT_NAME", "")
    try:
        text = Path(variables.get("GITHUB_EVENT_PATH", "")).read_bytes()
        event = msgspec.json.decode(text, type=_Event)
    except (OSError, msgspec.DecodeError) as error:
        return Start(None, f"the event {name!r} cannot be read: {error}")
    if name.startswith("pull_request") and event.pull_request is not None:
        start = _of_pull_request(repository, event.pull_request)
    elif name == "merge_group" and event.merge_group is not None:
        commit = event.merge_group.base_sha
        start = repository.shared_with(commit, "the base of the merge group")
    elif name == "push" and event.ref.startswith("refs/heads/"):
        start = _of_push(repository, event)
    else:
        return Start(None, f"the event {name!r} is not about a change")
    if start.commit is not None and start.commit == repository.commit("HEAD"):
        return Start(None, f"{start.reason}: that is what is checked out")
    return start


def _of_pull_request(repository: _Repository, pull_request: _PullRequest) -> Start:
    parents = repository.parents()
    # HEAD may also be a merge that the author made: then its first parent is theirs.
    if len(parents) == 2 and parents[1] == pull_request.head.sha:  # noqa: PLR2004
        if repository.have(parents[0]):
            return Start(parents[0], "what the pull request is merged into")
        return Start(None, "history is too shallow for what is merged into")
    return repository.shared_with(pull_request.base.sha, "the base of the pull request")


def _of_push(repository: _Repository, event: _Event) -> Start:
    before = event.before
    new = not before.strip("0")
    if not new and not event.forced and repository.have(before):
        return Start(before, "what was there before the push")
    default = event.repository.default_branch if event.repository else ""
    branches: Sequence[str] = _BRANCHES
    if default:
        repository.fetch_branch(default)
        branches = (f"origin/{default}", *_BRANCHES)
    start = repository.branched_off(branches)
    what = "a new branch" if new else f"{before[:12]} was pushed away"
    return Start(start.commit, f"{what}: {start.reason}")


class _Repository:
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

    def need(self, *words: str) -> str:
        """Run git and return what it prints.

        Raises:
            ToolError: if it fails.
        """
        outcome = self.run(*words)
        if outcome.code != 0:
            raise ToolError(
                f"git {words[0]}: {outcome.ending()}: {outcome.tail(3)}",
                next_step="run `git status` and correct what it reports",
            )
        return outcome.stdout

    def commit(self, name: str) -> str:
        """The id of a commit, empty if it is not here."""
        if not name or name.startswith("-"):
            return ""
        outcome = self.run("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        return outcome.stdout.strip() if outcome.code == 0 else ""

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

    def shared_with(self, name: str, what: str) -> Start:
        """Start where HEAD and another commit parted."""
        if not self.have(name):
            return Start(None, f"{what} is not here: {name[:12] or 'not named'}")
        found = self.shared(name)
        if not found:
            deeper = (self.shared(name) for _ in self.deepen(name))
            found = next(filter(None, deeper), "")
        if not found:
            return Start(None, f"{what} shares no history with HEAD")
        return Start(found, what)

    def given(self, since: str) -> Start:
        """Start at what the user named."""
        return self.shared_with(since, f"--since {since}")

    def branched_off(self, branches: Sequence[str]) -> Start:
        """Start where HEAD left the first of these branches that is there."""
        for name in branches:
            if self.commit(name):
                return self.shared_with(name, f"where HEAD left {name}")
        return Start(None, f"none of {', '.join(branches)} is here")


def changed_files(
    root: Path, start: Start, *, work_tree: bool = True, head: str = "HEAD"
) -> list[Change]:
    """List the files that a change touched.

    Args:
        root: the repository.
        start: where the change started; it must be known.
        work_tree: whether what is not committed is part of the change.
        head: the commit that the change ends with, without a work tree.

    Raises:
        ToolError: if git cannot tell: everything must be treated as changed.
    """
    repository = _Repository(root)
    ends = (_known(start),) if work_tree else (_known(start), head)
    text = repository.need(*_DIFF, "--no-relative", "--raw", "-z", *ends, "--")
    prefix = repository.need("rev-parse", "--show-prefix").removesuffix("\n")
    fields = text.split("\0")
    changes = {
        _change(facts, posixpath.relpath(path, prefix or "."))
        for facts, path in zip(fields[0::2], fields[1::2], strict=False)
    }
    if work_tree:
        changes |= {Change(path, "A") for path in _unknown_to_git(repository)}
    return sorted(changes)


def is_checked_out(root: Path, name: str) -> bool:
    """Whether a commit is the one that the work tree was made of."""
    repository = _Repository(root)
    commit = repository.commit(name)
    return bool(commit) and commit == repository.commit("HEAD")


def _change(facts: str, path: str) -> Change:
    """Read ``:100644 100644 1234 5678 M``."""
    before, after, _, _, status = facts.removeprefix(":").split(" ")
    return Change(path, status[:1], _SUBMODULE in (before, after))


def changed_lines(
    root: Path, start: Start, patterns: Sequence[str]
) -> dict[str, set[int]]:
    """List the lines that were added or rewritten, as they stand in the work tree.

    Args:
        root: the repository.
        start: where the change started; it must be known.
        patterns: git's patterns for the files that matter, such as ``*.py``.

    Raises:
        ToolError: if git cannot tell: everything must be treated as changed.
    """
    repository = _Repository(root)
    text = repository.need(*_DIFF, *_PATCH, _known(start), "--", *patterns)
    lines = _read_patch(text)
    for path in _unknown_to_git(repository, *patterns):
        try:
            data = (root / path).read_bytes()
        except OSError:
            continue
        lines[path] = set(range(1, data.count(b"\n") + 2))
    return lines


def _known(start: Start) -> str:
    """The commit.

    Raises:
        ToolError: if it is not known.
    """
    if start.commit is None:
        raise ToolError(f"where the change started is not known: {start.reason}")
    return start.commit


def _unknown_to_git(repository: _Repository, *patterns: str) -> list[str]:
    command = ("ls-files", "-z", "--others", "--exclude-standard", "--", *patterns)
    return [name for name in repository.need(*command).split("\0") if name]


def _read_patch(text: str) -> dict[str, set[int]]:
    """Read a patch without context; what a line holds is never taken for a head."""
    found: dict[str, set[int]] = {}
    rows = iter(text.split("\n"))
    path = ""
    for row in rows:
        hunk = _HUNK.match(row)
        if row.startswith("diff --git "):
            path = ""
        elif row.startswith("+++ "):
            path = _name(row[4:])
        elif hunk:
            removed, added = (int(n) if n else 1 for n in hunk.group(1, 3))
            first = int(hunk.group(2))
            if path and added:
                found.setdefault(path, set()).update(range(first, first + added))
            _skip(rows, removed + added)
    return found


def _skip(rows: Iterator[str], number: int) -> None:
    """Pass over the body of a hunk."""
    while number:
        row = next(rows, None)
        if row is None:
            return
        # "\ No newline at end of file" is not a line of the file.
        number -= not row.startswith("\\")


def _name(text: str) -> str:
    """The path in the head of a patch; git quotes it where it is unusual."""
    text = text.removesuffix("\t")
    if text.startswith('"'):
        text = _ESCAPE.sub(_unescape, text.removeprefix('"').removesuffix('"'))
    return text.removeprefix("b/") if text != "/dev/null" else ""


def _unescape(match: re.Match[str]) -> str:
    code = match.group(1)
    return _ESCAPED.get(code) or chr(int(code, 8))
