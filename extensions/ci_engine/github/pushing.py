"""Push with the rights of a workflow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ci_engine.processes.child_environment import PUSH_TOKEN
from ci_engine.project.git import Git

# Who makes the commits of a workflow.
BOT = {
    "GIT_AUTHOR_NAME": "github-actions[bot]",
    "GIT_AUTHOR_EMAIL": "41898282+github-actions[bot]@users.noreply.github.com",
    "GIT_COMMITTER_NAME": "github-actions[bot]",
    "GIT_COMMITTER_EMAIL": "41898282+github-actions[bot]@users.noreply.github.com",
}
# The token reaches git by its environment only: command lines can be read by others.
_HELPER = '!f() { echo username=x-access-token; echo "password=$GITHUB_TOKEN"; }; f'


def push_token(variables: Mapping[str, str]) -> str:
    """The token to push with, as a workflow hands it over; empty if there is none."""
    return variables.get(PUSH_TOKEN) or variables.get("GITHUB_TOKEN", "")


def with_token(git: Git, token: str) -> Git:
    """Let git use a token; without one it uses what it has."""
    if not token:
        return git
    helpers = ("-c", "credential.helper=", "-c", f"credential.helper={_HELPER}")
    return replace(
        git,
        options=(*git.options, *helpers),
        variables={**git.variables, "GITHUB_TOKEN": token},
    )
