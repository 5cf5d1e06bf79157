"""Find what announces that a change breaks the public API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from ci_engine.checks.context import Context
from ci_engine.configuration.tables import table
from ci_engine.github.event import Event
from ci_engine.project.git import Git
from ci_engine.project.repository import normalize

_VERSION = re.compile(r"v?(?:(\d+)!)?(\d+)(?:\.(\d+))?(?:\.(\d+))?(.*)")
# Tools that derive the next version from the commit messages.
_FROM_COMMITS = ("semantic_release", "commitizen")
_RELEASE_PLEASE = "release-please-config.json"
_BREAKING = re.compile(r"\A\w+(\([^)\n]*\))?!: |^BREAKING[ -]CHANGE: ", re.MULTILINE)


class Version(NamedTuple):
    """A version, as semantic versioning sees it."""

    epoch: int
    major: int
    minor: int
    patch: int
    rest: str

    @property
    def breaking_part(self) -> tuple[int, int, int]:
        """The parts that change in a breaking release; below 1.0 the minor version."""
        return (self.epoch, self.major, 0 if self.major else self.minor)

    @property
    def starts_anew(self) -> bool:
        """Whether it is the first version of its breaking part, or before that."""
        return bool(self.rest) or not (self.patch or (self.major and self.minor))


def parse_version(text: str) -> Version | None:
    """Parse a version or a tag, None if it is invalid."""
    match = _VERSION.fullmatch(text.strip())
    if match is None:
        return None
    epoch, major, minor, patch = (int(part or 0) for part in match.groups()[:4])
    return Version(epoch, major, minor, patch, match.group(5))


def find_announcement(
    context: Context, event: Event, base: str, before: str, now: str
) -> str:
    """The announcement of a breaking change, empty if there is none.

    Args:
        context: the change and its settings.
        event: the event that started the run.
        base: the diff base of the change.
        before: the version at the diff base, empty if it is not known.
        now: the current version.
    """
    labels = {label.casefold() for label in context.settings.api.labels}
    label = next((each for each in event.labels if each.casefold() in labels), "")
    if label:
        return f"the pull request has the label {label}"
    new = parse_version(now)
    if new is not None:
        old = parse_version(before)
        if old is not None and new.breaking_part > old.breaking_part:
            return f"the version goes from {before} to {now}"
        tag, released = _last_release(context, base)
        # An earlier change has set the version for the next release. A version that was
        # released since without a tag does not count.
        waiting = released is not None and new.breaking_part > released.breaking_part
        if waiting and new.starts_anew:
            return f"the version is {now}, the last release {tag}"
    return _by_commit(context, base)


def _last_release(context: Context, base: str) -> tuple[str, Version | None]:
    """The tag with the highest version before the change."""
    tags = Git(context.project.root).run("tag", "--merged", base).stdout.split()
    found = [(v, tag) for tag in tags for v in _versions(context, tag)]
    if not found:
        return "", None
    version, tag = max(found)
    return tag, version


def _versions(context: Context, tag: str) -> Iterator[Version]:
    """The version of a tag; in a monorepo only tags of the package count."""
    name = normalize(context.request.package)
    if name:
        prefix = re.match(r"(.+?)[-@/_]v?(?=\d)", tag)
        if prefix is None or normalize(prefix[1]) != name:
            return
        tag = tag[prefix.end() :]
    version = parse_version(tag)
    if version is not None:
        yield version


def _by_commit(context: Context, base: str) -> str:
    """The commit that announces it, if the next version is derived from commits."""
    top = context.project.repository
    tools = table(context.project.pyproject, "tool")
    if not (
        (top / _RELEASE_PLEASE).is_file() or any(t in tools for t in _FROM_COMMITS)
    ):
        return ""
    logged = Git(context.project.root).run(
        "log", "-z", "--format=%h %B", f"{base}..HEAD", "--", "."
    )
    for entry in logged.stdout.split("\0"):
        commit, _, message = entry.partition(" ")
        if _BREAKING.search(message):
            return f"commit {commit} announces a breaking change"
    return ""


def is_announced(name: str, patterns: list[str]) -> bool:
    """Whether the settings announce that an object, or its parent, breaks."""
    parts = name.split(".")
    names = [".".join(parts[: count + 1]) for count in range(len(parts))]
    return any(fnmatchcase(each, pattern) for each in names for pattern in patterns)
