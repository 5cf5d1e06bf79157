"""Waivers: findings that the project accepts temporarily, each with an owner.

``ci-framework/project/waivers.yaml`` belongs to the project. A waiver expires on a
day; the report names expired waivers, and those that match no finding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, cast

import msgspec
from msgspec.structs import replace

from ci_engine.changes.base_version import BaseVersion
from ci_engine.configuration.reading import read_text, read_yaml
from ci_engine.configuration.typed_tables import Mistake, find_mistakes
from ci_engine.configuration.value_types import Glob, VisibleText
from ci_engine.errors import ConfigurationError
from ci_engine.findings.malware import MALWARE
from ci_engine.findings.results import Finding, name_some
from ci_engine.project.path_patterns import matching

# The longest time that a waiver may last, because waivers are temporary.
_LONGEST = timedelta(days=731)
_MOST_NAMED = 10
WAIVERS_FILE = "ci-framework/project/waivers.yaml"
_Day = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class Waiver(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One waiver.

    Attributes:
        id: the rule, any name of an advisory, or the fingerprint of one finding.
        reason: why it is accepted.
        owner: who is responsible for it.
        expires: the last day on which it applies, such as 2027-01-31.
        path: the files it applies to, as a pattern; empty = all.
    """

    id: VisibleText
    reason: VisibleText
    owner: VisibleText
    expires: _Day
    path: Glob | None = None

    def describe(self) -> str:
        """The reason, the owner, and the expiry."""
        return f"{self.reason} ({self.owner}, until {self.expires})"


class WaiversFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file of waivers.

    Attributes:
        waivers: the waivers.
    """

    waivers: list[Waiver] = msgspec.field(default_factory=list[Waiver])


@dataclass
class Waivers:
    """The waivers of a project, judged on a day.

    Attributes:
        lines: the line of each waiver in its file.
        used: positions of those that match a finding.
        before: those of the base of the change; None if nothing is compared.
        touches: whether a finding may come from the change: the base's waivers must
            then waive it as well.
        refused: findings that only waivers of the change match, by their positions.
        covered: the location of the one finding that a fingerprint waives.
    """

    listed: Sequence[Waiver]
    today: date
    lines: Sequence[int] = ()
    used: set[int] = field(default_factory=set[int])
    before: Waivers | None = None
    touches: Callable[[Finding], bool] = field(default=lambda _: True)
    refused: dict[int, list[str]] = field(default_factory=dict[int, list[str]])
    covered: dict[int, tuple[str, int, int]] = field(
        default_factory=dict[int, tuple[str, int, int]]
    )

    def apply(self, finding: Finding) -> Finding:
        """Mark a finding that is waived today."""
        # Malware cannot be waived.
        if finding.rule.startswith(MALWARE):
            return finding
        position = self.position_of(finding)
        if position is None:
            return finding
        before = self.before
        own = before is not None and self.touches(finding)
        if own and before is not None and before.position_of(finding) is None:
            location = finding.location or finding.rule
            self.refused.setdefault(position, []).append(location)
            return finding
        # A fingerprint has no path, so that a file may move: copies have the same one.
        spot = (finding.path, finding.line, finding.column)
        single = self.listed[position].id == finding.fingerprint
        if single and self.covered.setdefault(position, spot) != spot:
            return finding
        return replace(finding, waiver=self.listed[position].describe())

    def position_of(self, finding: Finding) -> int | None:
        """The position of the waiver that applies to a finding today."""
        names = {finding.rule, finding.fingerprint, *finding.also}
        names |= {name.rpartition(" ")[2] for name in finding.also}
        if finding.tool == "bandit":
            # Until version 2.1, ruff reported these under the same numbers.
            names.add(finding.rule.replace("B", "S", 1))
        for position, waiver in enumerate(self.listed):
            elsewhere = waiver.path and not matching(finding.path, [waiver.path])
            if waiver.id not in names or elsewhere:
                continue
            self.used.add(position)
            if self.today <= date.fromisoformat(waiver.expires):
                return position
        return None

    def judge_by(self, base: BaseVersion | None, *, unknown: bool = False) -> None:
        """Let the base's waivers decide on findings that the change touches."""
        if base is not None:
            self.before = parse_waivers(base.read(WAIVERS_FILE), self.today)
            self.touches = base.touches
        elif unknown:
            self.before = Waivers([], self.today)

    def reset(self) -> None:
        """Forget the judged findings."""
        self.used.clear()
        self.refused.clear()
        self.covered.clear()

    def _added(self, position: int) -> Finding | None:
        """A finding about a waiver that the change adds or edits."""
        waiver = self.listed[position]
        if self.before is None or waiver in self.before.listed:
            return None
        where = f" in {waiver.path}" if waiver.path else ""
        text = f"this change adds or edits the waiver of {waiver.id}{where}: "
        text += waiver.describe()
        refused = self.refused.get(position, [])
        if refused:
            text += "; it does not count for what the change touches: "
            text += name_some(refused, _MOST_NAMED)
        return self._about(position, "waiver-added", text)

    def _about(self, position: int, rule: str, text: str) -> Finding:
        return Finding(
            tool="ci-framework",
            rule=rule,
            message=text,
            path=WAIVERS_FILE,
            line=self.lines[position] if position < len(self.lines) else 0,
            severity="warning",
        )

    def report(self, *, complete: bool) -> list[Finding]:
        """Findings about the waivers; only a complete scan shows unused ones."""
        added = map(self._added, range(len(self.listed)))
        findings = [finding for finding in added if finding is not None]
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
                text += ", and is no longer needed"
            findings.append(self._about(position, rule, f"{text} ({waiver.owner})"))
        return findings


def read_waivers(root: Path, today: date) -> Waivers:
    """Read the waivers of a repository.

    Raises:
        ConfigurationError: naming every mistake in the file.
    """
    path = root / WAIVERS_FILE
    if not path.is_file():
        return Waivers([], today)
    mistakes = waivers_mistakes(path, today)
    text = read_text(path)
    if not mistakes:
        raw = _with_texts(read_yaml(path))
        file = msgspec.convert(raw or {}, WaiversFile)
        return Waivers(file.waivers, today, _lines(text))
    rows = [mistake.describe(WAIVERS_FILE, text) for mistake in mistakes]
    raise ConfigurationError("\n".join(rows), hint=f"correct {WAIVERS_FILE}")


def parse_waivers(text: str, today: date) -> Waivers:
    """Parse an earlier file of waivers; an invalid one counts as empty."""
    try:
        raw = _with_texts(msgspec.yaml.decode(text))
        file = msgspec.convert(raw or {}, WaiversFile)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return Waivers([], today)
    return Waivers([] if _bad_days(file, today) else file.waivers, today)


def waivers_mistakes(path: Path, today: date) -> list[Mistake]:
    """List the mistakes in a file of waivers."""
    raw = _with_texts(read_yaml(path))
    if raw is None:
        return []
    mistakes = find_mistakes(raw, WaiversFile)
    return mistakes or _bad_days(msgspec.convert(raw, WaiversFile), today)


def _with_texts(data: object) -> object:
    """Convert dates, which YAML recognizes, back to text."""
    if isinstance(data, Mapping):
        table = cast("Mapping[object, object]", data)
        return {str(key): _with_texts(value) for key, value in table.items()}
    if isinstance(data, list):
        return [_with_texts(item) for item in cast("list[object]", data)]
    return data.isoformat() if isinstance(data, date) else data


def _bad_days(file: WaiversFile, today: date) -> list[Mistake]:
    """Invalid days, and days too far in the future."""
    latest = today + _LONGEST
    expected = f"a day such as 2027-01-31, not after {latest.isoformat()}"
    mistakes: list[Mistake] = []
    for position, waiver in enumerate(file.waivers):
        keys = ("waivers", f"[{position}]", "expires")
        try:
            late = date.fromisoformat(waiver.expires) > latest
        except ValueError:
            mistakes.append(Mistake(keys, f"{waiver.expires!r}", expected))
            continue
        if late:
            mistakes.append(Mistake(keys, f"{waiver.expires!r}", expected))
    return mistakes


def _lines(text: str) -> list[int]:
    """The line of each waiver: that of its id."""
    return [
        number
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip().removeprefix("-").strip().startswith(("id:", '"id":', "'id':"))
    ]
