"""Settings of ``ci cleanup``."""

from __future__ import annotations

import msgspec

from ci_engine.configuration.value_types import Glob, StrictTable


class Cleanup(StrictTable, frozen=True):
    """Which stray development files ``ci cleanup`` finds.

    Attributes:
        patterns: additional files that do not belong in the repository.
        keep: files to keep although a pattern matches them.
    """

    patterns: list[Glob] = msgspec.field(default_factory=list[Glob])
    keep: list[Glob] = msgspec.field(default_factory=list[Glob])
