"""The versions of a site in mike's format, in ``versions.json``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

import msgspec

from ci_engine.documentation.version_selector import SELECTOR_FILE
from ci_engine.errors import ToolError, UsageError

VERSIONS_FILE = "versions.json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")
_TAKEN = frozenset(
    {VERSIONS_FILE, SELECTOR_FILE, "index.html", "404.html", "CNAME", "sitemap.xml"}
)
_NUMBERED = re.compile(r"v?\d")
_PART = re.compile(r"\d+|[A-Za-z]+")
# Sorts after every pre-release.
_RELEASED = (1, 0, "")


class SiteVersion(msgspec.Struct, omit_defaults=True):
    """One version of a site, with the fields of mike.

    Attributes:
        title: the name in a list of versions.
        aliases: other names of it.
        properties: data of mike for the theme.
    """

    version: str
    title: str
    aliases: list[str]
    properties: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


def read_versions(text: str, origin: str) -> list[SiteVersion]:
    """Read the list; without a file there are no versions.

    Raises:
        ToolError: if it is invalid: the list is never guessed.
    """
    try:
        return msgspec.json.decode(text, type=list[SiteVersion]) if text.strip() else []
    except msgspec.MsgspecError as error:
        raise ToolError(
            f"{origin}: unexpected content: {error}",
            hint="correct the file on the branch",
        ) from error


def write_versions(versions: Sequence[SiteVersion]) -> str:
    """The list as text, the newest version first."""
    rows = sorted(versions, key=lambda each: _order(each.version), reverse=True)
    return msgspec.json.format(msgspec.json.encode(rows), indent=2).decode() + "\n"


def add_version(
    versions: Sequence[SiteVersion], version: str, title: str, aliases: Sequence[str]
) -> list[SiteVersion]:
    """Add or replace a version; its aliases are removed from other versions.

    Raises:
        UsageError: if a name is invalid, or in use otherwise.
    """
    for name in (version, *aliases):
        if not _NAME.fullmatch(name) or name in _TAKEN or name.endswith(".lock"):
            raise UsageError(
                f"{name!r} cannot be the name of a version: expected letters, digits "
                "and . _ + -",
                hint="choose another name, such as 1.2",
            )
    others = [each for each in versions if each.version != version]
    clash = {each.version for each in others} & {*aliases}
    if clash or version in aliases:
        name = min(clash, default=version)
        raise UsageError(
            f"--alias: {name} is a version", hint="choose another alias, such as latest"
        )
    holder = next((each for each in others if version in each.aliases), None)
    if holder is not None:
        raise UsageError(
            f"--version: {version} is an alias of {holder.version}",
            hint=f"remove it first: ci-framework/ci docs publish --delete {version}",
        )
    kept = [
        msgspec.structs.replace(
            each, aliases=[name for name in each.aliases if name not in aliases]
        )
        for each in others
    ]
    old = next((each for each in versions if each.version == version), None)
    if old is None:
        return [*kept, SiteVersion(version, title or version, [*aliases])]
    names = [*dict.fromkeys([*old.aliases, *aliases])]
    fresh = msgspec.structs.replace(old, title=title or old.title, aliases=names)
    return [*kept, fresh]


def remove_names(
    versions: Sequence[SiteVersion], names: Sequence[str]
) -> tuple[list[SiteVersion], list[str]]:
    """Remove versions with their aliases, or single aliases.

    Returns:
        The remaining versions, and the removed directories.

    Raises:
        UsageError: if a name does not exist.
    """
    kept, gone = [*versions], list[str]()
    for name in names:
        version = next((v for v in kept if v.version == name), None)
        holder = next((v for v in kept if name in v.aliases), None)
        if version is not None:
            kept.remove(version)
            gone += [name, *version.aliases]
        elif holder is not None:
            left = [alias for alias in holder.aliases if alias != name]
            fresh = msgspec.structs.replace(holder, aliases=left)
            kept = [fresh if each is holder else each for each in kept]
            gone.append(name)
        elif name not in gone:
            known = ", ".join(each.version for each in versions) or "none"
            raise UsageError(
                f"--delete: there is no version {name}; known: {known}",
                hint="run `ci-framework/ci docs publish --list`",
            )
    return kept, gone


def is_newest(version: str, versions: Sequence[SiteVersion]) -> bool:
    """Whether no released version is newer."""
    released = [v.version for v in versions if _NUMBERED.match(v.version)]
    return all(_order(version) >= _order(each) for each in released)


_Part = tuple[int, int, str]


def _order(version: str) -> tuple[bool, list[_Part]]:
    """Names without a number first; a pre-release before its release."""
    numbered = _NUMBERED.match(version) is not None
    parts: list[_Part] = []
    for part in _PART.findall(version.removeprefix("v")):
        text = cast("str", part)
        parts.append((2, int(text), "") if text.isdigit() else (0, 0, text.lower()))
    return not numbered, [*parts, _RELEASED]
