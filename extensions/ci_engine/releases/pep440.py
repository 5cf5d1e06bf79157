"""Parse and compare versions as defined by PEP 440."""

from __future__ import annotations

import re
from functools import cached_property

import msgspec

_VERSION = re.compile(
    r"""
    v?(?:(?P<epoch>\d+)!)?(?P<release>\d+(?:\.\d+)*)
    (?:[-_.]?(?P<phase>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?P<pre>\d*))?
    (?P<post>-(?P<post_dash>\d+)|[-_.]?(?:post|rev|r)[-_.]?(?P<post_number>\d*))?
    (?P<dev>[-_.]?dev[-_.]?(?P<dev_number>\d*))?
    (?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_PHASES = {
    **dict.fromkeys(("a", "alpha"), "a"),
    **dict.fromkeys(("b", "beta"), "b"),
    **dict.fromkeys(("c", "rc", "pre", "preview"), "rc"),
}
# The position of versions without such a part, before or after all that have one.
_BEFORE, _AFTER = -1, 10**12
_Key = tuple[int, tuple[int, ...], tuple[str, int], int, int, str]


class PublicVersion(msgspec.Struct, frozen=True, dict=True):
    """One version; equal versions are equal in any spelling.

    Attributes:
        phase: a, b or rc; empty for a final release.
        post: number of the post-release, None without one.
        dev: number of the development release, None without one.
    """

    release: tuple[int, ...]
    epoch: int = 0
    phase: str = ""
    pre: int = 0
    post: int | None = None
    dev: int | None = None
    local: str = ""

    @cached_property
    def key(self) -> _Key:
        """The sort key."""
        digits = len(self.release)
        while digits > 1 and self.release[digits - 1] == 0:
            digits -= 1
        if self.phase:
            phase = (self.phase, self.pre)
        else:
            first = self.post is None and self.dev is not None
            phase = ("" if first else "z", 0)
        post = _BEFORE if self.post is None else self.post
        dev = _AFTER if self.dev is None else self.dev
        return (self.epoch, self.release[:digits], phase, post, dev, self.local)

    @property
    def is_final(self) -> bool:
        """Whether it is neither a pre-release nor a development version."""
        return not self.phase and self.dev is None

    def __str__(self) -> str:
        """Format it in normal form."""
        parts = [f"{self.epoch}!"] if self.epoch else []
        parts.append(".".join(map(str, self.release)))
        parts += [f"{self.phase}{self.pre}"] if self.phase else []
        parts += [f".post{self.post}"] if self.post is not None else []
        parts += [f".dev{self.dev}"] if self.dev is not None else []
        parts += [f"+{self.local}"] if self.local else []
        return "".join(parts)


def parse_version(text: str) -> PublicVersion | None:
    """Parse a version; None if PEP 440 does not allow it."""
    match = _VERSION.fullmatch(text.strip())
    if match is None:
        return None
    part = match.groupdict()
    post = part["post_dash"] or part["post_number"] or 0
    return PublicVersion(
        release=tuple(map(int, part["release"].split("."))),
        epoch=int(part["epoch"] or 0),
        phase=_PHASES[part["phase"].lower()] if part["phase"] else "",
        pre=int(part["pre"] or 0),
        post=int(post) if part["post"] else None,
        dev=int(part["dev_number"] or 0) if part["dev"] else None,
        local=re.sub(r"[-_.]", ".", (part["local"] or "").lower()),
    )
