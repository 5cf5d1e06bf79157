"""Push with the token of a workflow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ci_engine.processes.child_environment import PUSH_TOKEN
from ci_engine.project.git import Git

# The author of a workflow's commits.
BOT = {
    "GIT_AUTHOR_NAME": "github-actions[bot]",
    "GIT_AUTHOR_EMAIL": "41898282+github-actions[bot]@users.noreply.github.com",
    "GIT_COMMITTER_NAME": "github-actions[bot]",
    "GIT_COMMITTER_EMAIL": "41898282+github-actions[bot]@users.noreply.github.com",
}
# The token is only passed in the environment: others can read command lines.
_HELPER = '!f() { echo username=x-access-token; echo "password=$GITHUB_TOKEN"; }; f'


def push_token(variables: Mapping[str, str]) -> str:
    """The workflow's token for pushing; empty if there is none."""
    return variables.get(PUSH_TOKEN) or variables.get("GITHUB_TOKEN", "")


def with_token(git: Git, token: str) -> Git:
    """A git runner with a token; without one, git uses its own credentials."""
    if not token:
        return git
    helpers = ("-c", "credential.helper=", "-c", f"credential.helper={_HELPER}")
    return replace(
        git,
        options=(*git.options, *helpers),
        variables={**git.variables, "GITHUB_TOKEN": token},
    )
