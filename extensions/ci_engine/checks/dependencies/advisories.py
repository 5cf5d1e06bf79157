"""Advisories of the OSV database, and the findings made of them."""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote

import msgspec

from ci_engine.checks.dependencies.inventory import Dependencies
from ci_engine.checks.outcomes import EarlyResultError, not_run, timed_out
from ci_engine.checks.workspace import Tool
from ci_engine.findings.results import Finding
from ci_engine.findings.severity import SCORES
from ci_engine.processes.programs import Outcome

__all__ = [
    "Advisory",
    "Answer",
    "Record",
    "describe",
    "look_up",
    "service_url",
    "unusable_output",
]

_SERVICE = "https://api.osv.dev"
_VARIABLE = "OSV_SERVICE_URL"
_SECONDS = 10.0
# A vulnerability without a rating is not harmless.
_UNRATED = 7.0


@dataclass(frozen=True)
class Advisory:
    """One known vulnerability of one dependency.

    Attributes:
        id: the name of the advisory.
        package: the dependency.
        version: the version that is used.
        aliases: other names of the advisory.
        fixed: the versions that fix it, may be empty.
        summary: what it is about.
    """

    id: str
    package: str
    version: str
    aliases: tuple[str, ...]
    fixed: tuple[str, ...]
    summary: str


@dataclass(frozen=True)
class Answer:
    """What a tool answered.

    Attributes:
        tool: the tool.
        outcome: how it ended.
        dependencies: what it was given; what it did not look up is unknown.
        advisories: the known vulnerabilities.
        others: what else it reports.
    """

    tool: Tool
    outcome: Outcome
    dependencies: Dependencies
    advisories: list[Advisory]
    others: list[Finding] = field(default_factory=list[Finding])


class _Specific(msgspec.Struct):
    severity: str | None = None


class Record(msgspec.Struct):
    """What the service knows about an advisory.

    Attributes:
        id: its name.
        withdrawn: when it was withdrawn, empty if it is valid.
        database_specific: what the database that published it adds.
    """

    id: str
    withdrawn: str | None = None
    database_specific: _Specific | None = None


def service_url() -> str:
    """The service that is configured, empty for the usual one."""
    return os.environ.get(_VARIABLE, "").rstrip("/")


def look_up(advisories: Iterable[Advisory]) -> dict[str, Record]:
    """Look advisories up at the service; what it does not know is left out."""
    found: dict[str, Record] = {}
    for name in sorted({advisory.id for advisory in advisories}):
        url = f"{service_url() or _SERVICE}/v1/vulns/{quote(name, safe='')}"
        if not url.startswith(("https://", "http://")):
            break
        try:
            with urllib.request.urlopen(url, timeout=_SECONDS) as answer:  # noqa: S310
                found[name] = msgspec.json.decode(answer.read(), type=Record)
        except (OSError, ValueError, msgspec.DecodeError):
            # The advisory is valid: without an answer it is only less well described.
            continue
    return found


def describe(
    tool: str, advisory: Advisory, record: Record | None, path: str, line: int
) -> Finding:
    """The finding: the package, what is wrong and which version fixes it."""
    if advisory.fixed:
        fix = f"fixed in {', '.join(advisory.fixed)}"
    else:
        fix = "no fixed version is known"
    others = f" ({', '.join(advisory.aliases)})" if advisory.aliases else ""
    summary = advisory.summary.strip().partition("\n")[0]
    about = f": {summary}" if summary else ""
    fixed = " or ".join(advisory.fixed[:3])
    specific = record.database_specific if record else None
    severity = (specific.severity or "") if specific else ""
    return Finding(
        tool=tool,
        rule=advisory.id,
        message=f"{advisory.package} {advisory.version}, {fix}{about}{others}",
        path=path,
        line=line,
        score=SCORES.get(severity.lower(), _UNRATED),
        help_url=f"https://osv.dev/vulnerability/{advisory.id}",
        fix=f"{advisory.package} {fixed}" if fixed else "",
        also=advisory.aliases,
    )


def unusable_output(tool: Tool, outcome: Outcome) -> EarlyResultError:
    """The tool did not do its work; its last error says why."""
    if outcome.timed_out:
        return EarlyResultError(timed_out(outcome))
    rows = [row.strip() for row in outcome.stderr.splitlines() if row.strip()]
    errors = [row for row in rows if row.startswith(("error:", "ERROR:"))]
    last = (errors or rows[-1:] or [outcome.describe_exit()])[0]
    reason = f"{tool.name}: unusable output: {last[:300]}"
    return EarlyResultError(not_run(reason, outcome))
