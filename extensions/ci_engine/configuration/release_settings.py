"""Settings of ``ci release``."""

from __future__ import annotations

import msgspec

from ci_engine.configuration.value_types import StrictTable, TagFormat, Text


class ReleaseAnswers(StrictTable, frozen=True):
    """Template answers about releases.

    Attributes:
        branch: the main branch; empty = the default branch of the repository.
    """

    branch: str = ""


class Release(StrictTable, frozen=True):
    """Settings of ``ci release check``.

    Attributes:
        branches: the branches to release from; empty = the branch in the answers.
        changelog: the changelog; empty = the usual files, ``none`` = no changelog.
        tag: the format of tags, such as ``v{version}``; empty = that of the latest tag.
        answers: the answers of the template, which the other keys override.
    """

    branches: list[Text] = msgspec.field(default_factory=list[Text])
    changelog: str = ""
    tag: TagFormat = ""
    answers: ReleaseAnswers = ReleaseAnswers()
