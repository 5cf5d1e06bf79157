"""Keep one comment on a pull request up to date."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

from ci_engine.errors import ToolError
from ci_engine.github.event import read_event

# Identifies the comment; it is invisible.
MARKER = "<!-- ci-framework summary -->"
# The account that comments with the token of a workflow.
_WORKFLOWS = "github-actions[bot]"
_SECONDS = 30
_PAGE = 100
_MOST_PAGES = 50


class _User(msgspec.Struct):
    login: str = ""


class _Comment(msgspec.Struct):
    id: int
    body: str | None = ""
    user: _User | None = None


@dataclass(frozen=True)
class PullRequest:
    """The pull request to comment on, with the token."""

    api: str
    repository: str
    number: int
    token: str


def pull_request_of(variables: Mapping[str, str]) -> PullRequest | None:
    """Find the pull request of a workflow run, None if there is none.

    Raises:
        ToolError: if the event cannot be read, or there is no token to comment with.
    """
    event = read_event(variables)
    if not event.pull_request:
        return None
    token = variables.get("GITHUB_TOKEN", "")
    if not token:
        raise ToolError(
            "a comment was requested, but GITHUB_TOKEN is not set",
            hint="pass the token to the step; forks have no token with write access",
        )
    api = variables.get("GITHUB_API_URL", "https://api.github.com")
    repository = variables.get("GITHUB_REPOSITORY", "")
    return PullRequest(api.rstrip("/"), repository, event.pull_request, token)


def post_comment(pull_request: PullRequest, text: str, marker: str = MARKER) -> str:
    """Update our comment, or create it; returns ``updated`` or ``created``.

    Our comment starts with the marker and was written by the account of the token;
    anyone can write a comment with the marker.

    Raises:
        ToolError: if GitHub refuses or cannot be reached.
    """
    base = f"/repos/{pull_request.repository}/issues"
    body = msgspec.json.encode({"body": f"{marker}\n{text}"})
    ours = _find(pull_request, f"{base}/{pull_request.number}/comments", marker)
    if ours is None:
        path = f"{base}/{pull_request.number}/comments"
        call(pull_request, "POST", path, body)
        return "created"
    call(pull_request, "PATCH", f"{base}/comments/{ours}", body)
    return "updated"


def _find(pull_request: PullRequest, path: str, marker: str) -> int | None:
    """Our first comment with the marker."""
    account = ""
    for page in range(1, _MOST_PAGES + 1):
        query = f"{path}?per_page={_PAGE}&page={page}"
        answer = call(pull_request, "GET", query, None)
        try:
            comments = msgspec.json.decode(answer, type=list[_Comment])
        except msgspec.DecodeError as error:
            raise ToolError(f"unexpected response from GitHub: {error}") from error
        for comment in comments:
            if not (comment.body or "").startswith(marker):
                continue
            account = account or _account(pull_request)
            if comment.user is not None and comment.user.login == account:
                return comment.id
        if len(comments) < _PAGE:
            break
    return None


class _Viewer(msgspec.Struct):
    login: str


class _Data(msgspec.Struct):
    viewer: _Viewer


class _Account(msgspec.Struct):
    data: _Data


def _account(pull_request: PullRequest) -> str:
    """The account of the token; that of workflows if GitHub does not respond.

    Only this part of the API supports it for all kinds of tokens.
    """
    # https://docs.github.com/en/graphql/guides/forming-calls-with-graphql
    address = f"{pull_request.api.removesuffix('/v3')}/graphql"
    query = msgspec.json.encode({"query": "query { viewer { login } }"})
    try:
        answer = call(replace(pull_request, api=address), "POST", "", query)
        return msgspec.json.decode(answer, type=_Account).data.viewer.login
    except (ToolError, msgspec.DecodeError):
        return _WORKFLOWS


class RefusedError(ToolError):
    """GitHub refused a request.

    Attributes:
        status: the status of the response.
    """

    def __init__(self, message: str, status: int, hint: str) -> None:
        """Create the error with its status."""
        super().__init__(message, hint=hint)
        self.status = status


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Refuses redirects, which would pass on the token."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """Refuse the redirect."""


def call(
    pull_request: PullRequest, method: str, path: str, body: bytes | None
) -> bytes:
    """Call GitHub's API, without following redirects.

    Raises:
        RefusedError: if GitHub refuses.
        ToolError: if it cannot be reached.
    """
    request = urllib.request.Request(  # noqa: S310 - the address is GitHub's own
        f"{pull_request.api}{path}",
        data=body,
        method=method,
        headers={
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {pull_request.token}",
            "Content-Type": "application/json",
            "X-GitHub-Api-Version": "2022-11-28",
        },
    )
    try:
        opener = urllib.request.build_opener(_NoRedirect)
        with opener.open(request, timeout=_SECONDS) as answer:
            content: bytes = answer.read()
            return content
    except urllib.error.HTTPError as error:
        raise RefusedError(
            f"GitHub refuses {method} {path.partition('?')[0]}: {error.code}",
            status=error.code,
            hint="the job needs `pull-requests: write`; forks never have it",
        ) from error
    except OSError as error:
        raise ToolError(f"GitHub cannot be reached: {error}") from error
