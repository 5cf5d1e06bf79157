"""What the check ``api`` compares, and what announces a breaking change."""

from __future__ import annotations

from typing import Literal

from ci_engine.configuration.value_types import StrictTable, Text

# Kinds of breaking changes, as the findings name them.
BreakageKind = Literal[
    "object-removed",
    "object-changed-kind",
    "parameter-moved",
    "parameter-removed",
    "parameter-changed-kind",
    "parameter-changed-default",
    "parameter-changed-required",
    "parameter-added-required",
    "return-changed-type",
    "class-removed-base",
    "async-changed",
]


class ApiAnswers(StrictTable, frozen=True):
    """What the framework's block sets, in a table that the project does not write.

    Attributes:
        library: whether project_type is library; api.library counts first.
    """

    library: bool | None = None


class Api(StrictTable, frozen=True):
    """What the check ``api`` compares, and what announces a breaking change.

    Attributes:
        library: whether others import the code: then its public API is compared.
        announced: objects that may break, such as ``demo.Client.send``; ``*``
            stands for any text.
        labels: the labels of a pull request that announce a breaking change.
        allowed_kinds: kinds of changes that are not breaking for this project.
        answers: the answers of the template, which the other keys replace.
    """

    library: bool
    announced: list[Text]
    labels: list[Text]
    allowed_kinds: list[BreakageKind]
    answers: ApiAnswers = ApiAnswers()
