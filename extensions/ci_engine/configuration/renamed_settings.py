"""Settings that have another name now; the former one works until a stated day."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ci_engine.configuration.settings import Settings
from ci_engine.configuration.tables import dig

# The name of today, and the first day on which a version may lack the former one.
_RENAMED = {
    "policy.function-lines": ("policy.function-statements", "2027-06-30"),
    "scan.denied-licences": ("scan.denied-licenses", "2027-06-30"),
}


def describe_deprecation(name: str) -> str:
    """What a run reports if a project uses the former name of a setting."""
    instead, removal = _RENAMED[name]
    return f"{name} is deprecated, and may be removed from {removal} on; use {instead}"


def former_names(settings: Settings) -> Iterator[str]:
    """The former names that a project uses."""
    values: object = msgspec.to_builtins(settings)
    yield from (name for name in _RENAMED if dig(values, *name.split(".")))
