"""Settings of ``ci scan``."""

from __future__ import annotations

import msgspec

from ci_engine.configuration.value_types import Glob, StrictTable, Text


class Scan(StrictTable, frozen=True):
    """Settings of ``ci scan``.

    Attributes:
        images: names of container images to scan.
        exclude_patterns: files to skip; the report counts them.
        denied_licenses: SPDX expressions or prefixes that no dependency may have.
        denied_licences: the former name of ``denied_licenses``.
    """

    images: list[Text] = msgspec.field(default_factory=list[Text])
    exclude_patterns: list[Glob] = msgspec.field(default_factory=list[Glob])
    denied_licenses: list[Text] = msgspec.field(default_factory=list[Text])
    denied_licences: list[Text] = msgspec.field(default_factory=list[Text])
