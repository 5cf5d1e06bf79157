"""Settings of the check ``api``."""

from __future__ import annotations

from typing import Literal

from ci_engine.configuration.value_types import StrictTable, Text

# Kinds of breaking changes, as named in findings.
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
    """Template answers in the framework's block, in a table of its own.

    Attributes:
        library: whether project_type is library; api.library takes precedence.
    """

    library: bool | None = None


class Api(StrictTable, frozen=True):
    """Settings of the check ``api``.

    Attributes:
        library: whether others import the code, so that its public API is compared.
        announced: objects that may break, such as ``demo.Client.send``; ``*``
            matches any text.
        labels: the labels of a pull request that announce a breaking change.
        allowed_kinds: kinds of changes that are not breaking for this project.
        answers: the answers of the template, which the other keys override.
    """

    library: bool
    announced: list[Text]
    labels: list[Text]
    allowed_kinds: list[BreakageKind]
    answers: ApiAnswers = ApiAnswers()
