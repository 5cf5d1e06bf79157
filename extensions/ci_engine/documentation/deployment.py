"""Decide what a workflow run publishes, by its event, the settings and the tag."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ci_engine.configuration.docs_settings import Docs, DocsDeploy
from ci_engine.documentation.publishing import NewVersion
from ci_engine.github.event import Event

DEVELOPMENT, NEWEST = "dev", "latest"
_CHANGES = ("pull_request", "pull_request_target", "merge_group")
_PUBLISHING = ("push", "workflow_dispatch")
# v1.2.3, 1.2 and my-package-v1.2.3rc1
_TAG = re.compile(r"(?:^|[-/_])v?(\d+)\.(\d+)(?:\.\d+)*(?P<more>.*)$")
_PRE_RELEASE = re.compile(r"^[._-]?(a|b|c|rc|alpha|beta|dev|pre)", re.IGNORECASE)


@dataclass(frozen=True)
class Deployment:
    """The deployment of a run.

    Attributes:
        kind: the kind of deployment; none = nothing is published.
        because: why nothing is published.
        new: the version, None if the branch has one site without versions.
    """

    kind: DocsDeploy
    because: str = ""
    new: NewVersion | None = None


def plan_deployment(docs: Docs, event: Event) -> Deployment:
    """Decide what a run of the workflow publishes."""
    refused = refusal(event)
    if refused or docs.deploy == "none":
        return Deployment("none", refused or "docs.deploy is none")
    if event.name not in _PUBLISHING:
        return Deployment("none", f"the event is {event.name or 'none'}")
    tag = event.ref.removeprefix("refs/tags/")
    if tag != event.ref:
        if not docs.versions:
            return Deployment("none", "docs.versions is off: tags publish nothing")
        new = version_of_tag(tag)
        if new is None:
            return Deployment("none", f"the tag {tag} is not a version")
        return Deployment("branch", new=new)
    if event.ref != f"refs/heads/{event.default_branch}":
        return Deployment(
            "none",
            f"this is not the default branch, {event.default_branch or 'unknown'}",
        )
    if docs.versions:
        return Deployment("branch", new=NewVersion(DEVELOPMENT))
    return Deployment(docs.deploy)


def refusal(event: Event) -> str:
    """Why this run must not publish, empty if it may."""
    if event.pull_request or event.name in _CHANGES:
        return "this is a pull request"
    return "this repository is a fork" if event.fork else ""


def version_of_tag(tag: str) -> NewVersion | None:
    """The version X.Y of a tag; the newest one is also ``latest``."""
    found = _TAG.search(tag)
    if found is None:
        return None
    if _PRE_RELEASE.match(found["more"]):
        number = found.group(0).lstrip("-/_").removeprefix("v")
        return NewVersion(number)
    return NewVersion(f"{found[1]}.{found[2]}", alias_if_newest=NEWEST)
