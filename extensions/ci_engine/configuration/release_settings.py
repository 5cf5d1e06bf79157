"""What ``ci release`` expects of a release."""

from __future__ import annotations

import msgspec

from ci_engine.configuration.value_types import StrictTable, TagFormat, Text


class ReleaseAnswers(StrictTable, frozen=True):
    """What the answers of the template say of releases.

    Attributes:
        branch: the main branch; empty = the default branch of the repository.
    """

    branch: str = ""


class Release(StrictTable, frozen=True):
    """What ``ci release check`` expects of a release.

    Attributes:
        branches: the branches to release from; empty = that of the
            answers.
        changelog: the changelog; empty = the usual files, ``none`` = there is none.
        tag: how tags are named, such as ``v{version}``; empty = as the latest one.
        answers: the answers of the template, which the other keys replace.
    """

    branches: list[Text] = msgspec.field(default_factory=list[Text])
    changelog: str = ""
    tag: TagFormat = ""
    answers: ReleaseAnswers = ReleaseAnswers()
