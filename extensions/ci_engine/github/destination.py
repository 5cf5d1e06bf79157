"""Where the current workflow may push a commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ci_engine.errors import ToolError, UsageError
from ci_engine.github.comments import PullRequest


@dataclass(frozen=True)
class Destination:
    """The target of a push, with the token."""

    api: PullRequest
    branch: str


def destination_of(
    variables: Mapping[str, str], required_by: str, hint: str
) -> Destination:
    """Determine the target from a workflow's environment.

    Args:
        variables: those of the workflow.
        required_by: the command or option that needs it, for the message.
        hint: what to do outside of a workflow.

    Raises:
        UsageError: outside of a workflow on a branch.
        ToolError: without a token.
    """
    ref = variables.get("GITHUB_REF", "")
    repository = variables.get("GITHUB_REPOSITORY", "")
    if not ref.startswith("refs/heads/") or not repository:
        raise UsageError(
            f"{required_by}: expected a branch in GitHub Actions, got the ref {ref!r}",
            hint=hint,
        )
    token = variables.get("GITHUB_TOKEN", "")
    if not token:
        raise ToolError("GITHUB_TOKEN is not set", hint="pass the token to the step")
    api = variables.get("GITHUB_API_URL", "https://api.github.com").rstrip("/")
    branch = ref.removeprefix("refs/heads/")
    return Destination(PullRequest(api, repository, 0, token), branch)
