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
    issues: list[_Flaw] = []
    locations: dict[tuple[str, ...], list[_Flaw]] = {}
    for engine, result in pairs:
        taken: set[int] = set()
        alone: list[Finding] = []
        for finding in _nearest_first(engine, result.findings, locations):
            same = _same(engine, finding, locations, taken)
            if same is None:
                alone.append(finding)
            else:
                taken.add(id(same))
                same.others.append((engine, finding))
        for finding in alone:
            issue = _Flaw(engine, finding)
            issues.append(issue)
            for key in _keys(engine, finding):
                locations.setdefault(key, []).append(issue)
    elsewhere: dict[str, list[Finding]] = {}
    told: dict[str, list[Finding]] = {}
    for issue in issues:
        joined = _join(issue)
        told.setdefault(issue.engine.name, []).append(joined)
        for engine, _ in issue.others:
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
    locations: Mapping[tuple[str, ...], list[_Flaw]],
    taken: set[int],
) -> _Flaw | None:
    """The flaw that a finding is about, if another engine told it already."""
    candidates = [
        issue
        for key in _keys(engine, finding)
        for issue in locations.get(key, [])
        if issue.engine is not engine
        and id(issue) not in taken
        and (key[0] != "code" or abs(issue.told.line - finding.line) <= _NEAR)
    ]
    return min(
        candidates, key=lambda issue: abs(issue.told.line - finding.line), default=None
    )


def _nearest_first(
    engine: Engine,
    findings: Iterable[Finding],
    locations: Mapping[tuple[str, ...], list[_Flaw]],
) -> list[Finding]:
    """Exact agreement goes first, so that near ones do not take its place."""

    def distance(finding: Finding) -> int:
        same = _same(engine, finding, locations, set())
        return abs(same.told.line - finding.line) if same else _NEAR + 1

    return sorted(findings, key=distance)


def _join(issue: _Flaw) -> Finding:
    if not issue.others:
        return issue.told
    found = [issue.told, *(finding for _, finding in issue.others)]
    names = [name for finding in found for name in finding.also]
    names += [f"{finding.tool} {finding.rule}" for finding in found[1:]]
    also = tuple(dict.fromkeys(name for name in names if name != issue.told.rule))
    red = any(finding.severity == "error" for finding in found)
    # A secret stays one where the baseline knows the line as a flaw of the code.
    kinds = {issue.engine.kind, *(engine.kind for engine, _ in issue.others)}
    known = "secret" not in kinds and any(finding.known for finding in found)
    return replace(
        issue.told,
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
