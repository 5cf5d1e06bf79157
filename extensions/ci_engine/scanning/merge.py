"""Tell a flaw once, whoever found it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from ci_engine.findings.results import CheckResult, Finding
from ci_engine.scanning.engine import Engine

__all__ = ["merge"]

# ruff numbers its rules of security as bandit does.
_NUMBER = re.compile(r"[SB](\d{3})")
_PASSWORDS = frozenset({"105", "106", "107"})
# How many lines the two may disagree by about where a call begins.
_NEAR = 3
_CONFIDENCES = ("high", "medium", "", "low")


@dataclass
class _Flaw:
    """A flaw and everything that was found of it, the one that tells it first."""

    engine: Engine
    told: Finding
    others: list[tuple[Engine, Finding]] = field(
        default_factory=list[tuple[Engine, Finding]]
    )


def merge(
    pairs: Sequence[tuple[Engine, CheckResult]],
) -> Mapping[str, list[Finding]]:
    """Leave each flaw with one engine.

    The findings of the results are changed. Which engine tells a flaw follows from the
    order of the engines; the flaw is as grave and as sure as the gravest and the
    surest of those that found it say.

    Returns:
        For each engine, the flaws that it found and another one tells.
    """
    flaws: list[_Flaw] = []
    places: dict[tuple[str, ...], list[_Flaw]] = {}
    for engine, result in pairs:
        taken: set[int] = set()
        alone: list[Finding] = []
        for finding in _nearest_first(engine, result.findings, places):
            same = _same(engine, finding, places, taken)
            if same is None:
                alone.append(finding)
            else:
                taken.add(id(same))
                same.others.append((engine, finding))
        for finding in alone:
            flaw = _Flaw(engine, finding)
            flaws.append(flaw)
            for key in _keys(engine, finding):
                places.setdefault(key, []).append(flaw)
    elsewhere: dict[str, list[Finding]] = {}
    told: dict[str, list[Finding]] = {}
    for flaw in flaws:
        joined = _join(flaw)
        told.setdefault(flaw.engine.name, []).append(joined)
        for engine, _ in flaw.others:
            elsewhere.setdefault(engine.name, []).append(joined)
    for engine, result in pairs:
        result.findings = told.get(engine.name, [])
    return elsewhere


def _keys(engine: Engine, finding: Finding) -> list[tuple[str, ...]]:
    """Where the same flaw would be looked for."""
    number = _NUMBER.fullmatch(finding.rule)
    if engine.kind == "secret":
        # The history tells commits, not lines.
        return [("secret", finding.path, str(finding.line))] if finding.line else []
    if engine.kind in ("dependency", "image"):
        package = finding.message.partition(" ")[0].lower()
        names = {finding.rule, *finding.also}
        return [(engine.kind, package, name) for name in sorted(names)]
    if engine.name in ("ruff", "bandit") and number:
        keys: list[tuple[str, ...]] = [("code", finding.path, str(number.group(1)))]
        if number.group(1) in _PASSWORDS:
            keys.append(("secret", finding.path, str(finding.line)))
        return keys
    return []


def _same(
    engine: Engine,
    finding: Finding,
    places: Mapping[tuple[str, ...], list[_Flaw]],
    taken: set[int],
) -> _Flaw | None:
    """The flaw that a finding is about, if another engine told it already."""
    candidates = [
        flaw
        for key in _keys(engine, finding)
        for flaw in places.get(key, [])
        if flaw.engine is not engine
        and id(flaw) not in taken
        and (key[0] != "code" or abs(flaw.told.line - finding.line) <= _NEAR)
    ]
    return min(
        candidates, key=lambda flaw: abs(flaw.told.line - finding.line), default=None
    )


def _nearest_first(
    engine: Engine,
    findings: Iterable[Finding],
    places: Mapping[tuple[str, ...], list[_Flaw]],
) -> list[Finding]:
    """Exact agreement goes first, so that near ones do not take its place."""

    def distance(finding: Finding) -> int:
        same = _same(engine, finding, places, set())
        return abs(same.told.line - finding.line) if same else _NEAR + 1

    return sorted(findings, key=distance)


def _join(flaw: _Flaw) -> Finding:
    if not flaw.others:
        return flaw.told
    found = [flaw.told, *(finding for _, finding in flaw.others)]
    names = [name for finding in found for name in finding.also]
    names += [f"{finding.tool} {finding.rule}" for finding in found[1:]]
    also = tuple(dict.fromkeys(name for name in names if name != flaw.told.rule))
    red = any(finding.severity == "error" for finding in found)
    # A secret stays one where the baseline knows the line as a flaw of the code.
    kinds = {flaw.engine.kind, *(engine.kind for engine, _ in flaw.others)}
    known = "secret" not in kinds and any(finding.known for finding in found)
    return replace(
        flaw.told,
        severity="error" if red else "warning",
        score=max(finding.score or 0.0 for finding in found),
        confidence=min((finding.confidence for finding in found), key=_doubt),
        fix=next((finding.fix for finding in found if finding.fix), ""),
        help_url=next((finding.help_url for finding in found if finding.help_url), ""),
        known=known,
        waiver=next((finding.waiver for finding in found if finding.waiver), ""),
        also=also,
    )


def _doubt(confidence: str) -> int:
    """How unsure a word for confidence is; an unknown one says nothing."""
    known = confidence if confidence in _CONFIDENCES else ""
    return _CONFIDENCES.index(known)
