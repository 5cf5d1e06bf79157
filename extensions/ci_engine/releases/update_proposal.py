"""Propose an update of the framework on GitHub: a pull request, else an issue."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ci_engine.errors import ToolError
from ci_engine.escaping import code_span, posted_page
from ci_engine.github.comments import PullRequest
from ci_engine.github.destination import destination_of
from ci_engine.github.proposals import close_issue, open_issue, propose_branch
from ci_engine.github.pushing import BOT, push_token, with_token
from ci_engine.project.git import Git
from ci_engine.releases.framework_update import BRANCH, MadeUpdate

_MOST_LINES = 10
_MARKER = "<!-- ci-framework update -->"
# A workflow's token cannot push workflows, whatever its permissions are.
_WORKFLOWS = re.compile(
    r"refusing to allow .* workflow|workflows?.? (scope|permission)"
)


@dataclass(frozen=True)
class UpdateProposal:
    """The target of a proposal, with the token."""

    root: Path
    api: PullRequest
    base: str

    def publish(self, made: MadeUpdate, bundle: Path) -> str:
        """Push the commit, and open or update the pull request.

        Returns:
            What was done, for display.

        Raises:
            ToolError: if git or GitHub refuses.
        """
        git = with_token(Git(self.root), push_token({"GITHUB_TOKEN": self.api.token}))
        git.succeed("fetch", "--quiet", "--no-tags", str(bundle), BRANCH)
        if git.commit("FETCH_HEAD") != made.commit:
            raise ToolError(
                "the bundle contains another commit than the report",
                hint="run `ci-framework/ci update` again",
            )
        there = self._remote_commit(git)
        if there and not _is_ours(git, there):
            return f"{BRANCH} was not changed: somebody has committed to it"
        refusal = self._push(git, made.commit, there)
        if refusal:
            return self._open_issue(made)
        done = self._open_pull_request(made)
        close_issue(self.api, _MARKER)
        return done

    def _remote_commit(self, git: Git) -> str:
        listed = git.read("ls-remote", "origin", f"refs/heads/{BRANCH}")
        commit = listed.partition("\t")[0].strip()
        if commit and not git.commit(commit):
            git.succeed("fetch", "--quiet", "--no-tags", "--depth=1", "origin", commit)
        return commit

    def _push(self, git: Git, commit: str, there: str) -> str:
        """Push; returns the refusal if the token cannot push workflows."""
        pushed = git.run(
            *("push", "--quiet", "--no-verify"),
            f"--force-with-lease=refs/heads/{BRANCH}:{there}",
            *("origin", f"{commit}:refs/heads/{BRANCH}"),
        )
        if pushed.code == 0:
            return ""
        if _WORKFLOWS.search(pushed.stderr):
            return pushed.tail(3)
        raise ToolError(
            f"{BRANCH}: cannot be pushed: {pushed.tail(3)}",
            hint="the job needs `contents: write`",
        )

    def _open_pull_request(self, made: MadeUpdate) -> str:
        facts = {
            "title": title_of(made),
            "body": f"{_MARKER}\n{describe(made)}",
            "base": self.base,
        }
        draft = bool(made.conflicts)
        number = propose_branch(self.api, BRANCH, facts, draft=draft)
        if number:
            return f"pull request {number} was updated"
        return "a pull request was opened"

    def _open_issue(self, made: MadeUpdate) -> str:
        """Open or update the issue that explains how to update by hand."""
        text = f"{_BY_HAND}\n{describe(made)}"
        number = open_issue(self.api, _MARKER, title_of(made), text)
        done = f"issue {number} was updated" if number else "an issue was opened"
        return f"{done}: the token may not push workflows"


_BY_HAND = """\
There is no pull request, because the token of the workflow may not push changes to
workflows. Add the secret `UPDATE_TOKEN` to the environment `framework-update`: a token
with write access to contents, pull requests and workflows. Or update by hand:

    git switch --create ci-framework/update
    copier update --defaults
    git add --all && git commit --message "chore: update ci-framework"
    git push --set-upstream origin ci-framework/update
"""


def _is_ours(git: Git, commit: str) -> bool:
    """Whether this command made the last commit of the branch."""
    author = git.read("log", "-1", "--format=%ae", commit).strip()
    return author == BOT["GIT_AUTHOR_EMAIL"]


def title_of(made: MadeUpdate) -> str:
    """The title of the pull request or issue."""
    conflicts = " (conflicts)" if made.conflicts else ""
    return f"chore: update ci-framework to {made.latest}{conflicts}"


def describe(made: MadeUpdate) -> str:
    """Describe the update as Markdown, with escaped names and versions."""
    parts = [
        f"From {code_span(made.current)} to {code_span(made.latest)}, "
        f"{len(made.changed)} files."
    ]
    if made.conflicts:
        rows = "\n".join(_conflict(name, made) for name in made.conflicts)
        parts.append(
            "**Conflicts.** These files contain both sides, between conflict markers:"
            f"\n\n{rows}\n\n"
            "Your lines come first, then those of the template. Resolve them on this "
            "branch and remove the markers; in a file that starts with `Owned by "
            "ci-framework`, take those of the template. Then run `ci-framework/ci "
            "validate` and `ci-framework/ci gate`: nothing was validated."
        )
    if made.verdicts:
        rows = "\n".join(f"- {code_span(k)}: {v}" for k, v in made.verdicts.items())
        parts.append(f"Validated with this update:\n\n{rows}")
    if made.notes:
        rows = "\n".join(f"- {code_span(note)}" for note in made.notes)
        parts.append(f"To do:\n\n{rows}")
    if made.changes:
        parts.append(f"## What is new\n\n{posted_page(made.changes).strip()}")
    return "\n\n".join(parts)


def _conflict(name: str, made: MadeUpdate) -> str:
    """One file with conflicts, and the lines where they start."""
    lines = made.conflict_lines.get(name, [])
    shown = ", ".join(map(str, lines[:_MOST_LINES]))
    more = f" and {len(lines) - _MOST_LINES} more" if len(lines) > _MOST_LINES else ""
    word = "line" if len(lines) == 1 else "lines"
    return f"- {code_span(name)}" + (f", {word} {shown}{more}" if lines else "")


def proposal_of(root: Path, variables: Mapping[str, str]) -> UpdateProposal:
    """Determine the target from a workflow's environment.

    Raises:
        UsageError: outside of a workflow on a branch.
        ToolError: without a token.
    """
    hint = "on your machine, run `copier update`"
    there = destination_of(variables, "--pull-request", hint)
    return UpdateProposal(root, there.api, there.branch)
