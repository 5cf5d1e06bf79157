"""Read the GitHub Pages settings of a repository."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import msgspec

from ci_engine.errors import ToolError
from ci_engine.github.comments import PullRequest, RefusedError, call
from ci_engine.github.pushing import push_token


class _Source(msgspec.Struct, frozen=True):
    branch: str = ""


class PagesSettings(msgspec.Struct, frozen=True):
    """What GitHub Pages shows, and to whom.

    Attributes:
        html_url: the address of the site; empty = Pages is off.
        public: whether the site is public.
        build_type: ``workflow`` for an artifact, ``legacy`` for a branch.
        source: the branch, if a branch is shown.
    """

    html_url: str = ""
    public: bool = True
    build_type: str | None = None
    source: _Source | None = None

    @property
    def branch(self) -> str:
        """The branch that is shown, empty for an artifact."""
        if self.build_type == "workflow" or self.source is None:
            return ""
        return self.source.branch


def read_pages_settings(variables: Mapping[str, str]) -> PagesSettings | None:
    """Read the settings; None outside of a workflow, or if they cannot be read."""
    # https://docs.github.com/en/rest/pages/pages#get-a-github-pages-site
    repository, token = variables.get("GITHUB_REPOSITORY", ""), push_token(variables)
    if not repository or not token:
        return None
    api = variables.get("GITHUB_API_URL", "https://api.github.com").rstrip("/")
    try:
        answer = call(
            PullRequest(api, repository, 0, token),
            "GET",
            f"/repos/{repository}/pages",
            None,
        )
        return msgspec.json.decode(answer, type=PagesSettings)
    except RefusedError as error:
        return PagesSettings() if error.status == HTTPStatus.NOT_FOUND else None
    except (ToolError, msgspec.DecodeError):
        return None
