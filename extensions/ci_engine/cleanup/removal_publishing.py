"""Send the removal of files to GitHub: as one pull request, or straight to a branch.

The commit is made beside the work tree and the index, which stay as they are.
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
    """Push the removal to the branch itself; what happened there meanwhile wins."""
    commit = _commit(root, found)
    _push(root, destination, f"{commit}:refs/heads/{destination.branch}")


def open_pull_request(
    root: Path, destination: Destination, found: Collection[Found]
) -> str:
    """Push the removal to a branch of our own; the pull request is opened or refreshed.

    Raises:
        ToolError: if git or GitHub refuse.
    """
    commit = _commit(root, found)
    there = _remote_commit(root, destination)
    lease = f"--force-with-lease=refs/heads/{BRANCH}:{there}"
    _push(root, destination, f"{commit}:refs/heads/{BRANCH}", lease)
    facts = {"title": _TITLE, "body": describe(found), "base": destination.branch}
    refreshed = propose_branch(destination.api, BRANCH, facts)
    return "refreshed" if refreshed else "opened"


def describe(found: Collection[Found]) -> str:
    """The files as Markdown; a name is never mark-up."""
    rows = [
        f"- {code_span(each.path)} matches {code_span(each.pattern)}" for each in found
    ]
    text = "\n".join(sorted(rows))
    return (
        f"These tracked files do not belong in the repository:\n\n{text}\n\n"
        "They stay in the history: if one of them contained a secret, revoke it."
    )


def _commit(root: Path, found: Collection[Found]) -> str:
    """Make a commit without the files, and without touching index or work tree."""
    with tempfile.TemporaryDirectory() as directory:
        index = str(Path(directory) / "index")
        git = literal_git(root, {**BOT, "GIT_INDEX_FILE": index})
        git.succeed("read-tree", "HEAD")
        remove_listed(git, found, "--cached")
        tree = git.read("write-tree").strip()
        return git.read("commit-tree", tree, "-p", "HEAD", "-m", _TITLE).strip()


def _remote_git(root: Path, destination: Destination) -> Git:
    """What runs git with the token of the workflow."""
    return with_token(literal_git(root), destination.api.token)


def _remote_commit(root: Path, destination: Destination) -> str:
    """The commit that our branch has there now, empty if there is none."""
    git = _remote_git(root, destination)
    listed = git.read("ls-remote", "origin", f"refs/heads/{BRANCH}")
    return listed.partition("\t")[0].strip()


def _push(root: Path, destination: Destination, refspec: str, *options: str) -> None:
    git = _remote_git(root, destination)
    git.succeed("push", "--quiet", "--no-verify", *options, "origin", refspec)
