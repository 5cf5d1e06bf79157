"""Waivers: findings that the project accepts for a while, and who is responsible.

``ci-framework/project/waivers.yaml`` belongs to the project. A waiver ends on a
day; the report names those that have ended, and those that no finding needs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, cast

import msgspec
from msgspec.structs import replace

from ci_engine.configuration.reading import read_text, read_yaml
from ci_engine.configuration.typed_tables import Mistake, find_mistakes
from ci_engine.configuration.value_types import Glob, Text
from ci_engine.errors import ConfigurationError
from ci_engine.findings.results import Finding
from ci_engine.project.path_patterns import matching

WAIVERS_FILE = "ci-framework/project/waivers.yaml"
_Day = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class Waiver(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One waiver.

    Attributes:
        id: the rule, an advisory by any of its names, or the fingerprint of one
            finding.
        reason: why it is accepted.
        owner: who is responsible for it.
        expires: the last day on which it counts, such as 2027-01-31.
        path: files it is limited to, as a pattern; empty = all.
    """

    id: Text
    reason: Text
    owner: Text
    expires: _Day
    path: Glob | None = None


class WaiversFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file of waivers.

    Attributes:
        waivers: all of them.
    """

    waivers: list[Waiver] = msgspec.field(default_factory=list[Waiver])


@dataclass
class Waivers:
    """The waivers of a project on a day.

    Attributes:
        lines: the line of each waiver in its file.
        used: positions of those that fit a finding.
    """

    listed: Sequence[Waiver]
    today: date
    lines: Sequence[int] = ()
    used: set[int] = field(default_factory=set[int])

    def apply(self, finding: Finding) -> Finding:
        """Mark a finding that is waived today."""
        names = {finding.rule, finding.fingerprint, *finding.also}
        names |= {name.rpartition(" ")[2] for name in finding.also}
        if finding.tool == "bandit":
            # ruff, which numbers the same rules, reported them until version 2.1.
            names.add(finding.rule.replace("B", "S", 1))
        for position, waiver in enumerate(self.listed):
            elsewhere = waiver.path and not matching(finding.path, [waiver.path])
            if waiver.id not in names or elsewhere:
                continue
            self.used.add(position)
            if self.today <= date.fromisoformat(waiver.expires):
                text = f"{waiver.reason} ({waiver.owner}, until {waiver.expires})"
                return replace(finding, waiver=text)
        return finding

    def report(self, *, complete: bool) -> list[Finding]:
        """Findings about the waivers; only a complete scan shows which are unused."""
        findings: list[Finding] = []
        for position, waiver in enumerate(self.listed):
            expired = self.today > date.fromisoformat(waiver.expires)
            unused = complete and position not in self.used
            rule = "waiver-expired" if expired else "waiver-unused" if unused else ""
            if not rule:
                continue
            text = f"the waiver of {waiver.id} ended on {waiver.expires}"
            if not expired:
                text = f"the waiver of {waiver.id} is not needed: nothing was found"
            elif unused:
                text += ", and is not needed any more"
            findings.append(
                Finding(
                    tool="ci-framework",
                    rule=rule,
                    message=f"{text} ({waiver.owner})",
                    path=WAIVERS_FILE,
                    line=self.lines[position] if position < len(self.lines) else 0,
                    severity="warning",
                )
            )
        return findings


def read_waivers(root: Path, today: date) -> Waivers:
    """Read the waivers of a repository.

    Raises:
        ConfigurationError: naming every mistake in the file.
    """
    path = root / WAIVERS_FILE
    if not path.is_file():
        return Waivers([], today)
    mistakes = waivers_mistakes(path)
    text = read_text(path)
    if not mistakes:
        raw = _with_texts(read_yaml(path))
        file = msgspec.convert(raw or {}, WaiversFile)
        return Waivers(file.waivers, today, _lines(text))
    rows = [mistake.describe(WAIVERS_FILE, text) for mistake in mistakes]
    raise ConfigurationError("\n".join(rows), hint=f"correct {WAIVERS_FILE}")


def waivers_mistakes(path: Path) -> list[Mistake]:
    """List the mistakes in a file of waivers."""
    raw = _with_texts(read_yaml(path))
    if raw is None:
        return []
    mistakes = find_mistakes(raw, WaiversFile)
    return mistakes or _bad_days(msgspec.convert(raw, WaiversFile))


def _with_texts(data: object) -> object:
    """YAML reads a day as a date: the file means what it says."""
    if isinstance(data, Mapping):
        table = cast("Mapping[object, object]", data)
        return {str(key): _with_texts(value) for key, value in table.items()}
    if isinstance(data, list):
        return [_with_texts(item) for item in cast("list[object]", data)]
    return data.isoformat() if isinstance(data, date) else data


def _bad_days(file: WaiversFile) -> list[Mistake]:
    mistakes: list[Mistake] = []
    for position, waiver in enumerate(file.waivers):
        try:
            date.fromisoformat(waiver.expires)
        except ValueError:
            keys = ("waivers", f"[{position}]", "expires")
            found = f"{waiver.expires!r}"
            mistakes.append(Mistake(keys, found, "a day such as 2027-01-31"))
    return mistakes


def _lines(text: str) -> list[int]:
    """The line of each waiver: that of its id."""
    return [
        number
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip().removeprefix("-").strip().startswith(("id:", '"id":', "'id':"))
    ]
