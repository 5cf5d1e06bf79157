"""Judge the findings of scanners: blocking at a level, known, or waived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace as replace_in

from msgspec.structs import replace

from ci_engine.configuration.security_profiles import Level
from ci_engine.findings.baseline import AcceptedBefore, Baseline, judge
from ci_engine.findings.malware import MALWARE
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.findings.severity import least_score
from ci_engine.scanning.scanner import PARTLY_READ, Kind, Scanner
from ci_engine.scanning.waivers import Waivers

_MAY_BE_RED = (Status.PASSED, Status.FAILED, Status.NOT_RUN, Status.TIMED_OUT)


def grade(
    scanner: Scanner,
    result: CheckResult,
    level: Level,
    baseline: Baseline | None,
    waivers: Waivers,
    before: AcceptedBefore | None = None,
) -> None:
    """Mark each finding that is blocking, known or waived."""
    result.findings = [
        replace(
            found,
            severity="error" if _is_red(found, scanner.kind, level) else "warning",
        )
        for found in result.findings
    ]
    result.id = scanner.recorded
    known = _entries_of(scanner, baseline)
    earlier = _entries_of(scanner, before.baseline) if before is not None else None
    if before is not None and earlier is not None:
        before = replace_in(before, baseline=earlier)
    judge(result, known, before)
    result.id = scanner.name
    result.findings = [waivers.apply(found) for found in result.findings]


def _entries_of(scanner: Scanner, baseline: Baseline | None) -> Baseline | None:
    """The recorded findings of a scanner, by the scan or the gate.

    Never of secrets: everyone with a copy of the repository has them as well.
    """
    if baseline is None or scanner.kind == "secret":
        return None
    own = Counter(
        entry for entry in baseline.findings if entry.check == scanner.recorded
    )
    of_gate = Counter(
        replace(entry, check=scanner.recorded)
        for entry in baseline.findings
        if entry.check == scanner.gate
    )
    # Both records are about the same issues: use the one with more entries.
    return Baseline(schema=1, findings=list((own | of_gate).elements()))


def _is_red(finding: Finding, kind: Kind, level: Level) -> bool:
    if kind == "secret":
        return True
    if kind == "license":
        return level.code != "none"
    if finding.rule.startswith(MALWARE):
        return True
    if kind == "dependency":
        fixable = level.vulnerabilities == "fixable" and bool(finding.fix)
        return level.vulnerabilities == "any" or fixable
    score = finding.score or 0.0
    severe = level.code != "none" and score >= least_score(level.code)
    if kind == "image":
        return severe and (level.unsure or bool(finding.fix))
    return severe and (level.unsure or finding.confidence != "low")


def is_blocking(finding: Finding) -> bool:
    """Whether a finding fails its scanner."""
    return finding.severity == "error" and not finding.known and not finding.waiver


def _may_be_missing(result: CheckResult, *, required: bool, level: Level) -> bool:
    """Whether a scanner without a result is only a warning.

    A required one that did none of its work is an error at every level.
    """
    stopped = result.status in (Status.NOT_RUN, Status.TIMED_OUT)
    partly = result.reason.startswith(PARTLY_READ)
    return stopped and level.not_run == "warning" and (partly or not required)


def settle(
    result: CheckResult,
    elsewhere: Sequence[Finding],
    level: Level,
    *,
    required: bool = True,
) -> CheckResult:
    """Set the status and the counts of a scanner after its findings are merged.

    Findings that another scanner reports are ``elsewhere``.
    """
    everything = [*result.findings, *elsewhere]
    red = [found for found in result.findings if is_blocking(found)]
    known = [found for found in result.findings if found.known]
    result.new, result.baseline = len(red), len(known)
    if result.status in _MAY_BE_RED and any(is_blocking(found) for found in everything):
        result.status = Status.FAILED
    elif result.status is Status.FAILED:
        # A reason describes what could not be examined, so no findings is not green.
        result.status = Status.NOT_RUN if result.reason else Status.PASSED
    result.blocking = not _may_be_missing(result, required=required, level=level)
    waived = sum(bool(found.waiver) for found in result.findings)
    if waived:
        result.notes.append(f"{waived} of the findings are waived")
    if elsewhere:
        text = f"{len(elsewhere)} of its findings are reported by another scanner"
        result.notes.append(text)
    return result
