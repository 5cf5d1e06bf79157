"""Find the naming scheme of release tags, and the releases."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from ci_engine.project.git import Git
from ci_engine.project.repository import normalize
from ci_engine.releases.pep440 import PublicVersion, parse_version

_VERSION = "{version}"
_PLAIN = ("v{version}", "{version}", "release-{version}", "release/{version}")
_OF_PACKAGE = ("{0}-v", "{0}-", "{0}@", "{0}@v", "{0}/v", "{0}/", "{0}_v", "{0}==")


class TagNames(msgspec.Struct, frozen=True):
    """The naming scheme of one package's tags: ``v{version}`` and the like."""

    form: str

    def of(self, version: str) -> str:
        """The tag of a version."""
        return self.form.replace(_VERSION, version)

    def version_in(self, tag: str) -> str:
        """The version of a tag, empty if the tag is not one of these."""
        before, _, after = self.form.partition(_VERSION)
        match = re.fullmatch(f"{re.escape(before)}(.+){re.escape(after)}", tag)
        return match[1] if match and parse_version(match[1]) else ""


def find_tag_names(
    given: str, distribution: str, tags: Sequence[str], *, package: bool
) -> TagNames:
    """Use the given scheme, else that of the latest tag, else the usual one.

    Args:
        given: the scheme in the settings, empty = none.
        distribution: the name of the released distribution.
        tags: the tags of the repository, the latest one first.
        package: whether it is one of several packages, whose tags have its name.
    """
    if given:
        return TagNames(given)
    names = dict.fromkeys((distribution, normalize(distribution)))
    named = [f"{form.format(name)}{_VERSION}" for form in _OF_PACKAGE for name in names]
    groups = (named, _PLAIN) if package else ((*_PLAIN, *named),)
    for group in groups:
        for tag in tags:
            for form in group:
                if TagNames(form).version_in(tag):
                    return TagNames(form)
    return TagNames(named[0] if package else _PLAIN[0])


def list_tags(git: Git, *options: str) -> list[str]:
    """The tags of the repository, the latest one first."""
    return git.read("tag", "--list", "--sort=-creatordate", *options).splitlines()


def last_release(names: TagNames, tags: Sequence[str]) -> tuple[str, PublicVersion]:
    """The highest release among some tags; an empty tag if there is none."""
    found = max(_releases(names, tags), key=lambda each: each[1].key, default=None)
    return found or ("", PublicVersion((0,)))


def _releases(
    names: TagNames, tags: Sequence[str]
) -> Iterator[tuple[str, PublicVersion]]:
    for tag in tags:
        version = parse_version(names.version_in(tag))
        if version is not None:
            yield tag, version
