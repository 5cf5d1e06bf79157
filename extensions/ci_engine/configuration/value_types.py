"""The types of values that settings have, with the limits of each."""

from __future__ import annotations

from typing import Annotated

import msgspec

_PYTHON, _GLOB = r"^3\.\d+$", r"^[^!\s\\][^\\]*$"
_BUILD, _SHARD = r"^3\.\d+t?$", r"^[1-9]\d{0,2}/[1-9]\d{0,2}$"
_SHARE = r"^(?=.*[1-9])\d{1,4}(\.\d{1,4})?%?$"
_RATE = r"^(100|\d{1,2}(\.\d{1,4})?)%$"
_PATH = r"^(/\S*)?$"
# At least one letter or digit: not only punctuation or invisible characters.
_VISIBLE = (
    r"[^\s!-\/:-@\[-`{-~\u00ad\u034f\u061c\u115f\u1160\u180b-\u180e\u200b-\u200f"
    r"\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0]"
)
_TAG = r"^([^\s{}]*\{version\}[^\s{}]*)?$"
# Descriptions for messages, instead of the regular expressions.
SHAPES = {
    _PYTHON: "a version such as 3.12",
    _BUILD: "a version such as 3.12, or 3.14t for a free-threaded one",
    _SHARD: "a shard such as 2/3",
    _SHARE: "a percentage above 0 such as 10%",
    _RATE: "a percentage from 0% to 100%",
    _PATH: "a path that starts with /, or nothing",
    _TAG: "a tag with {version} in it, such as v{version}, or nothing",
    _VISIBLE: "a non-empty string",
    _GLOB: "a pattern of paths, with / and without a ! at its beginning",
}
PythonVersion = Annotated[str, msgspec.Meta(pattern=_PYTHON)]
# 3.14t is the free-threaded build of 3.14.
PythonBuild = Annotated[str, msgspec.Meta(pattern=_BUILD)]
ShardName = Annotated[str, msgspec.Meta(pattern=_SHARD)]
Percentage = Annotated[int, msgspec.Meta(ge=0, le=100)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]
Text = Annotated[str, msgspec.Meta(min_length=1)]
# At least one character that is not a blank.
VisibleText = Annotated[str, msgspec.Meta(pattern=_VISIBLE)]
Rate = Annotated[str, msgspec.Meta(pattern=_RATE)]
UrlPath = Annotated[str, msgspec.Meta(pattern=_PATH)]
Share = Annotated[str, msgspec.Meta(pattern=_SHARE)]
TagFormat = Annotated[str, msgspec.Meta(pattern=_TAG)]
# Without `!`, which negates a pattern in gitignore, and with / on every system.
Glob = Annotated[str, msgspec.Meta(pattern=_GLOB)]
Command = str | Annotated[list[Text], msgspec.Meta(min_length=1)]


class StrictTable(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename="kebab",
    forbid_unknown_fields=True,
    omit_defaults=True,
):
    """A table with kebab-case keys that refuses unknown keys."""
