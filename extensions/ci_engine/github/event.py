"""The event that started a workflow run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from ci_engine.errors import ToolError


class _Repository(msgspec.Struct, frozen=True):
    full_name: str = ""
    default_branch: str = ""
    private: bool = False
    fork: bool = False


class _Side(msgspec.Struct, frozen=True):
    sha: str = ""
    repo: _Repository | None = None


class _User(msgspec.Struct, frozen=True):
    login: str = ""


class _Label(msgspec.Struct, frozen=True):
    name: str = ""


class _PullRequest(msgspec.Struct, frozen=True):
    number: int = 0
    head: _Side = _Side()
    base: _Side = _Side()
    user: _User | None = None
    labels: tuple[_Label, ...] = ()


class _MergeGroup(msgspec.Struct, frozen=True):
    base_sha: str = ""


class _Payload(msgspec.Struct, frozen=True):
    repository: _Repository = _Repository()
    pull_request: _PullRequest | None = None
    merge_group: _MergeGroup | None = None
    before: str = ""
    forced: bool = False
    ref: str = ""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """The event of the run; all fields are empty outside of GitHub Actions.

    Attributes:
        name: GitHub's name of the event, empty outside of a workflow.
        pull_request: number of the pull request, 0 if there is none.
        restricted: why the run's token is read-only, empty if it can write.
        base_sha: the base of the pull request or of the merge group.
        head_sha: the head of the pull request.
        before: for a push, the previous commit of the branch.
        fork: whether the repository is a fork of another one.
        labels: the labels of the pull request at the time of the event.
    """

    name: str = ""
    ref: str = ""
    default_branch: str = ""
    private: bool = False
    pull_request: int = 0
    restricted: str = ""
    base_sha: str = ""
    head_sha: str = ""
    before: str = ""
    forced: bool = False
    fork: bool = False
    labels: tuple[str, ...] = ()

    def everything_because(self) -> str:
        """Why everything must run for this event, empty if something may be skipped."""
        if self.name in ("", "pull_request"):
            return ""
        if self.name != "push":
            return f"the event is {self.name}"
        if self.ref.startswith("refs/tags/"):
            return f"{self.ref.removeprefix('refs/tags/')} is a tag"
        if not self.default_branch:
            return "the default branch is not known"
        if self.ref == f"refs/heads/{self.default_branch}":
            return f"{self.default_branch} is the default branch"
        return ""


def read_event(variables: Mapping[str, str]) -> Event:
    """Read the event of a workflow run from its environment and its payload.

    Raises:
        ToolError: if the payload exists and cannot be read.
    """
    name = variables.get("GITHUB_EVENT_NAME", "")
    if not name:
        return Event()
    payload = _payload(variables.get("GITHUB_EVENT_PATH", ""))
    repository = payload.repository
    change = payload.pull_request or _PullRequest()
    group = payload.merge_group or _MergeGroup()
    return Event(
        name=name,
        ref=variables.get("GITHUB_REF", "") or payload.ref,
        default_branch=repository.default_branch,
        private=repository.private,
        pull_request=change.number,
        restricted=_restricted(payload),
        base_sha=change.base.sha or group.base_sha,
        head_sha=change.head.sha,
        before=payload.before,
        forced=payload.forced,
        fork=repository.fork,
        labels=tuple(label.name for label in change.labels),
    )


def _restricted(payload: _Payload) -> str:
    change = payload.pull_request
    if change is None:
        return ""
    head = change.head.repo or _Repository()
    if head.full_name != payload.repository.full_name:
        return "the pull request comes from a fork, whose token is read-only"
    if change.user is not None and change.user.login == "dependabot[bot]":
        return "Dependabot opened the pull request, and its token is read-only"
    return ""


def _payload(path: str) -> _Payload:
    if not path:
        return _Payload()
    try:
        return msgspec.json.decode(Path(path).read_bytes(), type=_Payload)
    except (OSError, msgspec.DecodeError) as error:
        raise ToolError(f"GITHUB_EVENT_PATH: cannot be read: {error}") from error
