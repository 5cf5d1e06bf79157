"""Merge findings of several scanners that are about the same issue."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from ci_engine.findings.results import CheckResult, Finding
from ci_engine.scanning.scanner import Scanner

# bandit's rules about passwords in the code.
_PASSWORDS = frozenset({"B105", "B106", "B107"})
_CONFIDENCES = ("high", "medium", "", "low")


_ADVISORIES = ("dependency", "image")
# All findings about one issue, with their scanners.
_Issue = list[tuple[Scanner, Finding]]


def merge(
    pairs: Sequence[tuple[Scanner, CheckResult]],
    waive: Callable[[Finding], Finding] = lambda finding: finding,
) -> Mapping[str, list[Finding]]:
    """Assign each issue to one scanner.

    The findings of the results are changed. The order of the scanners decides which one
    reports an issue, with the highest severity and confidence of all; secrets are
    reported by secret scanners. A finding that the project accepts never hides a
    finding of another scanner: they are reported separately.

    Args:
        pairs: the scanners and their results.
        waive: marks a finding that is waived.

    Returns:
        For each scanner, the issues that it found and another one reports.
    """
    issues = _issues(pairs)
    elsewhere: dict[str, list[Finding]] = {}
    reported: dict[str, list[Finding]] = {}
    for issue in issues:
        for part in _apart(issue, waive):
            (reporter, joined), others = _join(part)
            reported.setdefault(reporter.name, []).append(joined)
            for scanner in others:
                elsewhere.setdefault(scanner.name, []).append(joined)
    for scanner, result in pairs:
        result.findings = reported.get(scanner.name, [])
    return elsewhere


def _issues(pairs: Sequence[tuple[Scanner, CheckResult]]) -> list[_Issue]:
    """The findings of several scanners, grouped by issue."""
    issues: list[_Issue] = []
    locations: dict[tuple[str, ...], list[_Issue]] = {}
    for scanner, result in pairs:
        merged: set[int] = set()
        new: list[_Issue] = []
        for finding in result.findings:
            keys = _keys(scanner, finding)
            candidates = (each for key in keys for each in locations.get(key, []))
            same = next((each for each in candidates if id(each) not in merged), None)
            if same is None:
                new.append([(scanner, finding)])
            else:
                merged.add(id(same))
                same.append((scanner, finding))
        for issue in new:
            for key in _keys(*issue[0]):
                locations.setdefault(key, []).append(issue)
        issues += new
    return issues


def _apart(issue: _Issue, waive: Callable[[Finding], Finding]) -> list[_Issue]:
    """Separate the accepted and the other findings of an issue.

    Scanners use different names for one advisory: a waiver of any name waives it.
    """
    if len(issue) > 1 and issue[0][0].kind in _ADVISORIES:
        names = {name for _, each in issue for name in (each.rule, *each.also)}
        issue = [(s, _waived_by(each, names, waive)) for s, each in issue]
    accepted = [pair for pair in issue if pair[1].accepted]
    others = [pair for pair in issue if not pair[1].accepted]
    return [part for part in (others, accepted) if part]


def _waived_by(
    finding: Finding, names: set[str], waive: Callable[[Finding], Finding]
) -> Finding:
    tried = waive(replace(finding, also=tuple(sorted(names))))
    return replace(finding, waiver=finding.waiver or tried.waiver)


def _keys(scanner: Scanner, finding: Finding) -> list[tuple[str, ...]]:
    """The keys by which another finding of the same issue is recognized."""
    password = scanner.name == "bandit" and finding.rule in _PASSWORDS
    if scanner.kind == "secret" or password:
        # Findings of the history have commits, and no lines.
        return [("secret", finding.path, str(finding.line))] if finding.line else []
    if scanner.kind in _ADVISORIES:
        # The package, its version and its image.
        package = finding.message.partition(": ")[0].lower()
        names = {finding.rule, *finding.also}
        return [(scanner.kind, package, name) for name in sorted(names)]
    return []


def _join(issue: _Issue) -> tuple[tuple[Scanner, Finding], list[Scanner]]:
    """Merge an issue: the scanner that reports it, the finding, and the others.

    A secret is reported as a secret, not as a suspicious line of code.
    """
    pairs = sorted(issue, key=lambda pair: pair[0].kind != "secret")
    (reporter, reported), *others = pairs
    if not others:
        return (reporter, reported), []
    found = [finding for _, finding in pairs]
    names = [name for finding in found for name in finding.also]
    names += [f"{finding.tool} {finding.rule}" for finding in found[1:]]
    also = tuple(dict.fromkeys(name for name in names if name != reported.rule))
    red = any(finding.severity == "error" for finding in found)
    joined = replace(
        reported,
        severity="error" if red else "warning",
        score=max(finding.score or 0.0 for finding in found),
        confidence=min((finding.confidence for finding in found), key=_doubt),
        fix=next((finding.fix for finding in found if finding.fix), ""),
        help_url=next((finding.help_url for finding in found if finding.help_url), ""),
        known=any(finding.known for finding in found),
        waiver=next((finding.waiver for finding in found if finding.waiver), ""),
        also=also,
    )
    return (reporter, joined), [scanner for scanner, _ in others]


def _doubt(confidence: str) -> int:
    """A rank for how unsure a confidence is; an unknown one ranks as sure."""
    known = confidence if confidence in _CONFIDENCES else ""
    return _CONFIDENCES.index(known)
