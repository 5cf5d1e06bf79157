"""Propose an update of the framework on GitHub: one pull request, else one issue."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import msgspec

from ci_engine.errors import ToolError
from ci_engine.escaping import code_span
from ci_engine.github.comments import PullRequest, call
from ci_engine.github.destination import destination_of
from ci_engine.github.pushing import BOT, push_token, with_token
from ci_engine.project.git import Git
from ci_engine.releases.framework_update import BRANCH, MadeUpdate

_MARKER = "<!-- ci-framework update -->"
# A token of a workflow may not push workflows, whatever its permissions are.
_WORKFLOWS = re.compile(
    r"refusing to allow .* workflow|workflows?.? (scope|permission)"
)
_PAGE = 100


class _Issue(msgspec.Struct):
    number: int
    body: str | None = ""
    pull_request: msgspec.Raw | None = None


@dataclass(frozen=True)
class UpdateProposal:
    """Where an update is proposed, and with whose rights."""

    root: Path
    api: PullRequest
    base: str

    def publish(self, made: MadeUpdate, bundle: Path) -> str:
        """Push the commit, and open or refresh the one pull request.

        Returns:
            What was done, for people.

        Raises:
            ToolError: if git or GitHub refuse.
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
        self._close_issue()
        return done

    def _remote_commit(self, git: Git) -> str:
        listed = git.read("ls-remote", "origin", f"refs/heads/{BRANCH}")
        commit = listed.partition("\t")[0].strip()
        if commit and not git.commit(commit):
            git.succeed("fetch", "--quiet", "--no-tags", "--depth=1", "origin", commit)
        return commit

    def _push(self, git: Git, commit: str, there: str) -> str:
        """Push; the refusal if the token may not push workflows."""
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
        owner = self.api.repository.partition("/")[0]
        query = f"head={quote(f'{owner}:{BRANCH}', safe='')}&state=open"
        path = f"/repos/{self.api.repository}/pulls"
        opened = self._issues(f"{path}?{query}")
        facts: dict[str, object] = {
            "title": title_of(made),
            "body": f"{_MARKER}\n{describe(made)}",
            "base": self.base,
        }
        if opened:
            number = opened[0].number
            call(self.api, "PATCH", f"{path}/{number}", msgspec.json.encode(facts))
            return f"pull request {number} was refreshed"
        facts |= {"head": BRANCH, "draft": bool(made.conflicts)}
        call(self.api, "POST", path, msgspec.json.encode(facts))
        return "a pull request was opened"

    def _open_issue(self, made: MadeUpdate) -> str:
        """Open or refresh one issue that says how to update by hand."""
        path = f"/repos/{self.api.repository}/issues"
        facts = {
            "title": title_of(made),
            "body": f"{_MARKER}\n{_BY_HAND}\n{describe(made)}",
        }
        number = self._our_issue()
        if number:
            call(self.api, "PATCH", f"{path}/{number}", msgspec.json.encode(facts))
            return f"issue {number} was refreshed: the token may not push workflows"
        call(self.api, "POST", path, msgspec.json.encode(facts))
        return "an issue was opened: the token may not push workflows"

    def _close_issue(self) -> None:
        number = self._our_issue()
        if number:
            path = f"/repos/{self.api.repository}/issues/{number}"
            call(self.api, "PATCH", path, msgspec.json.encode({"state": "closed"}))

    def _our_issue(self) -> int:
        path = f"/repos/{self.api.repository}/issues"
        found = self._issues(f"{path}?state=open&per_page={_PAGE}")
        numbers = [
            issue.number
            for issue in found
            if issue.pull_request is None and (issue.body or "").startswith(_MARKER)
        ]
        return numbers[0] if numbers else 0

    def _issues(self, path: str) -> list[_Issue]:
        answer = call(self.api, "GET", path, None)
        try:
            return msgspec.json.decode(answer, type=list[_Issue])
        except msgspec.DecodeError as error:
            raise ToolError(f"unexpected response from GitHub: {error}") from error


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
    """Whether the last commit of the branch is one that this command made."""
    author = git.read("log", "-1", "--format=%ae", commit).strip()
    return author == BOT["GIT_AUTHOR_EMAIL"]


def title_of(made: MadeUpdate) -> str:
    """The title of the pull request or issue."""
    conflicts = " (conflicts)" if made.conflicts else ""
    return f"chore: update ci-framework to {made.latest}{conflicts}"


def describe(made: MadeUpdate) -> str:
    """The update as Markdown; no name or version is mark-up."""
    parts = [
        f"From {code_span(made.current)} to {code_span(made.latest)}, "
        f"{len(made.changed)} files."
    ]
    if made.conflicts:
        rows = "\n".join(f"- {code_span(name)}" for name in made.conflicts)
        parts.append(
            "**Conflicts.** These files contain both sides, between conflict markers:"
            f"\n\n{rows}\n\n"
            "Resolve them on this branch; nothing was validated."
        )
    if made.verdicts:
        rows = "\n".join(f"- {code_span(k)}: {v}" for k, v in made.verdicts.items())
        parts.append(f"Validated with this update:\n\n{rows}")
    if made.notes:
        rows = "\n".join(f"- {code_span(note)}" for note in made.notes)
        parts.append(f"To do:\n\n{rows}")
    return "\n\n".join(parts)


def proposal_of(root: Path, variables: Mapping[str, str]) -> UpdateProposal:
    """Find out where a workflow runs.

    Raises:
        UsageError: outside of a workflow on a branch.
        ToolError: without a token.
    """
    hint = "on your machine, run `copier update`"
    there = destination_of(variables, "--pull-request", hint)
    return UpdateProposal(root, there.api, there.branch)
