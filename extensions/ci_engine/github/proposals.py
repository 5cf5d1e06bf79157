"""Pull requests and issues that a workflow opens once and then updates."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

import msgspec

from ci_engine.errors import ToolError
from ci_engine.github.comments import PullRequest, call

_PAGE = 100


class _Issue(msgspec.Struct):
    """An open issue or pull request; GitHub's issues include pull requests."""

    number: int
    body: str | None = ""
    pull_request: msgspec.Raw | None = None


def propose_branch(
    api: PullRequest, branch: str, facts: Mapping[str, object], *, draft: bool = False
) -> int:
    """Open the pull request of a branch, or update the open one.

    Args:
        api: the repository, with a token that may write to it.
        branch: the branch, in the repository itself.
        facts: its title, body and base.
        draft: whether a new one is a draft.

    Returns:
        The number of an updated one, 0 if one was opened.

    Raises:
        ToolError: if GitHub refuses or cannot be reached.
    """
    owner = api.repository.partition("/")[0]
    path = f"/repos/{api.repository}/pulls"
    query = f"head={quote(f'{owner}:{branch}', safe='')}&state=open"
    opened = _list(api, f"{path}?{query}")
    number = opened[0].number if opened else 0
    new = {} if number else {"head": branch, "draft": draft}
    _send(api, path, number, {**facts, **new})
    return number


def open_issue(api: PullRequest, marker: str, title: str, text: str) -> int:
    """Open an issue whose body starts with a marker, or update the existing one.

    Returns:
        The number of an updated one, 0 if one was opened.

    Raises:
        ToolError: if GitHub refuses or cannot be reached.
    """
    number = _find_issue(api, marker)
    facts = {"title": title, "body": f"{marker}\n{text}"}
    _send(api, f"/repos/{api.repository}/issues", number, facts)
    return number


def close_issue(api: PullRequest, marker: str) -> None:
    """Close the open issue whose body starts with a marker, if there is one.

    Raises:
        ToolError: if GitHub refuses or cannot be reached.
    """
    number = _find_issue(api, marker)
    if number:
        _send(api, f"/repos/{api.repository}/issues", number, {"state": "closed"})


def _find_issue(api: PullRequest, marker: str) -> int:
    path = f"/repos/{api.repository}/issues?state=open&per_page={_PAGE}"
    numbers = (
        issue.number
        for issue in _list(api, path)
        if issue.pull_request is None and (issue.body or "").startswith(marker)
    )
    return next(numbers, 0)


def _list(api: PullRequest, path: str) -> list[_Issue]:
    answer = call(api, "GET", path, None)
    try:
        return msgspec.json.decode(answer, type=list[_Issue])
    except msgspec.DecodeError as error:
        raise ToolError(f"unexpected response from GitHub: {error}") from error


def _send(
    api: PullRequest, path: str, number: int, facts: Mapping[str, object]
) -> None:
    method, place = ("PATCH", f"{path}/{number}") if number else ("POST", path)
    call(api, method, place, msgspec.json.encode(facts))
