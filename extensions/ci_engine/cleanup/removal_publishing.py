"""Publish the removal of files on GitHub: as a pull request, or on the branch.

The commit is made without touching the work tree or the index.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from pathlib import Path

from ci_engine.cleanup.stray_files import Found, literal_git, remove_listed
from ci_engine.escaping import code_span
from ci_engine.github.destination import Destination
from ci_engine.github.proposals import propose_branch
from ci_engine.github.pushing import BOT, with_token
from ci_engine.project.git import Git

BRANCH = "ci-framework/cleanup"
_TITLE = "chore: remove stray development files"


def push(root: Path, destination: Destination, found: Collection[Found]) -> None:
    """Push the removal to the branch itself; other pushes to it take precedence."""
    commit = _commit(root, found)
    _push(root, destination, f"{commit}:refs/heads/{destination.branch}")


def open_pull_request(
    root: Path, destination: Destination, found: Collection[Found]
) -> str:
    """Push the removal to a separate branch, and open or update its pull request.

    Raises:
        ToolError: if git or GitHub refuses.
    """
    commit = _commit(root, found)
    there = _remote_commit(root, destination)
    lease = f"--force-with-lease=refs/heads/{BRANCH}:{there}"
    _push(root, destination, f"{commit}:refs/heads/{BRANCH}", lease)
    facts = {"title": _TITLE, "body": describe(found), "base": destination.branch}
    refreshed = propose_branch(destination.api, BRANCH, facts)
    return "updated" if refreshed else "opened"


def describe(found: Collection[Found]) -> str:
    """The files as Markdown, with escaped names."""
    rows = [
        f"- {code_span(each.path)} matches {code_span(each.pattern)}" for each in found
    ]
    text = "\n".join(sorted(rows))
    return (
        f"These tracked files do not belong in the repository:\n\n{text}\n\n"
        "They stay in the history: if one of them contained a secret, revoke it."
    )


def _commit(root: Path, found: Collection[Found]) -> str:
    """Commit the removal, without touching the index or work tree."""
    with tempfile.TemporaryDirectory() as directory:
        index = str(Path(directory) / "index")
        git = literal_git(root, {**BOT, "GIT_INDEX_FILE": index})
        git.succeed("read-tree", "HEAD")
        remove_listed(git, found, "--cached")
        tree = git.read("write-tree").strip()
        return git.read("commit-tree", tree, "-p", "HEAD", "-m", _TITLE).strip()


def _remote_git(root: Path, destination: Destination) -> Git:
    """A git runner with the workflow's token."""
    return with_token(literal_git(root), destination.api.token)


def _remote_commit(root: Path, destination: Destination) -> str:
    """The remote commit of our branch, empty if it does not exist."""
    git = _remote_git(root, destination)
    listed = git.read("ls-remote", "origin", f"refs/heads/{BRANCH}")
    return listed.partition("\t")[0].strip()


def _push(root: Path, destination: Destination, refspec: str, *options: str) -> None:
    git = _remote_git(root, destination)
    git.succeed("push", "--quiet", "--no-verify", *options, "origin", refspec)
