"""Advisories of the OSV database, and what is told about them."""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

import msgspec

from ci_engine.findings.results import Finding

__all__ = ["Advisory", "Record", "describe", "looked_up", "service_url"]

_SERVICE = "https://api.osv.dev"
_VARIABLE = "OSV_SERVICE_URL"
_SECONDS = 10.0
_SCORES = {"CRITICAL": 9.5, "HIGH": 8.0, "MODERATE": 5.5, "MEDIUM": 5.5, "LOW": 3.0}
# A vulnerability nobody rated is not harmless.
_UNRATED = 7.0


@dataclass(frozen=True)
class Advisory:
    """One known vulnerability of one dependency.

    Attributes:
        id: the name of the advisory.
        package: the dependency.
        version: the version that is used.
        aliases: other names of the advisory.
        fixed: the versions that mend it, may be empty.
        summary: what it is about.
    """

    id: str
    package: str
    version: str
    aliases: tuple[str, ...]
    fixed: tuple[str, ...]
    summary: str


class _Specific(msgspec.Struct):
    severity: str | None = None


class Record(msgspec.Struct):
    """What the service says about an advisory.

    Attributes:
        id: its name.
        withdrawn: when it was taken back, empty if it stands.
        database_specific: what the database that published it adds.
    """

    id: str
    withdrawn: str | None = None
    database_specific: _Specific | None = None


def service_url() -> str:
    """The service that was asked for, empty for the usual one."""
    return os.environ.get(_VARIABLE, "").rstrip("/")


def looked_up(advisories: Iterable[Advisory]) -> dict[str, Record]:
    """Ask the service about advisories; what it does not answer is left out."""
    found: dict[str, Record] = {}
    for name in sorted({advisory.id for advisory in advisories}):
        url = f"{service_url() or _SERVICE}/v1/vulns/{quote(name, safe='')}"
        if not url.startswith(("https://", "http://")):
            break
        try:
            with urllib.request.urlopen(url, timeout=_SECONDS) as answer:  # noqa: S310
                found[name] = msgspec.json.decode(answer.read(), type=Record)
        except (OSError, ValueError, msgspec.DecodeError):
            # The advisory stands: without an answer it is only less well described.
            continue
    return found


def describe(
    tool: str, advisory: Advisory, record: Record | None, path: str, line: int
) -> Finding:
    """Say which package is affected, what is wrong and which version mends it."""
    if advisory.fixed:
        mended = f"fixed in {', '.join(advisory.fixed)}"
    else:
        mended = "no fixed version is known"
    others = f" ({', '.join(advisory.aliases)})" if advisory.aliases else ""
    summary = advisory.summary.strip().partition("\n")[0]
    about = f": {summary}" if summary else ""
    fixed = " or ".join(advisory.fixed[:3])
    specific = record.database_specific if record else None
    severity = (specific.severity or "") if specific else ""
    return Finding(
        tool=tool,
        rule=advisory.id,
        message=f"{advisory.package} {advisory.version}, {mended}{about}{others}",
        path=path,
        line=line,
        score=_SCORES.get(severity.upper(), _UNRATED),
        help_url=f"https://osv.dev/vulnerability/{advisory.id}",
        fix=f"{advisory.package} {fixed}" if fixed else "",
        also=advisory.aliases,
    )
