"""Run the gate of an adopted commit: record existing findings, refuse new ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ci_engine.findings.baseline import Baseline, baseline_path, read_baseline
from ci_engine.findings.recording import record, to_json
from ci_engine.findings.results import CheckResult, Status
from ci_framework.validating.model import Outcome, failed, not_run, passed
from ci_framework.validating.red import (
    RED,
    GateFacts,
    Sorted,
    run_checks,
    size,
    sort_red,
)


@dataclass(frozen=True)
class Gated:
    """The results of the gate.

    Attributes:
        statuses: the status of each check, by its id.
        red_today: findings before and after that no baseline may contain.
        baseline: the baseline of existing findings, None if none is needed.
        known: the same, as input for the next gate.
    """

    outcome: Outcome
    statuses: dict[str, str] = field(default_factory=dict[str, str])
    red_today: list[str] = field(default_factory=list[str])
    baseline: bytes | None = None
    known: Baseline | None = None


def judge_gate(facts: GateFacts, known: Baseline | None = None) -> Gated:
    """Run the gate, record existing findings, and repeat the failed checks.

    ``known`` is the baseline that earlier gates recorded.
    """
    checks = run_checks(facts.clones.adopted, facts, [*facts.only])
    statuses = {check.id: _status_text(check) for check in checks}
    red = [check for check in checks if check.status in RED]
    missing = [_missing(check) for check in checks if _is_missing(check)]
    if not red and missing:
        outcome = not_run(_could_not(missing), missing)
        return Gated(outcome, statuses, known=known)
    if not red:
        green = passed(f"the gate is green ({len(checks)} checks)")
        return Gated(green, statuses, known=known)
    found = sort_red(facts, red)
    old = read_baseline(facts.clones.adopted.root)
    accepted = {check.id: check for check in found.accepted}
    news = (accepted.get(check.id, check) for check in checks)
    new, _ = record(news, known or old, facts.scope)
    content = to_json(new).encode() if size(new) and new != old else None
    if not found.faults:
        for check in _again(facts, found, red, content):
            if _is_missing(check):
                missing.append(_missing(check))
            else:
                found.faults += _still(check)
    outcome = _conclude(missing, found, new)
    return Gated(outcome, statuses, found.red_today, content, new)


def _is_missing(check: CheckResult) -> bool:
    return check.blocking and check.status is Status.NOT_RUN


def _missing(check: CheckResult) -> str:
    return f"{check.id}: {check.reason or check.status.value}"


def _could_not(missing: list[str]) -> str:
    """The checks that could not run, each reason once."""
    names: dict[str, list[str]] = {}
    for row in missing:
        name, _, reason = row.partition(": ")
        names.setdefault(reason, []).append(name)
    rows = [f"{', '.join(same)}: {reason}" for reason, same in names.items()]
    return f"the gate could not run every check: {'; '.join(rows)}"


def _status_text(check: CheckResult) -> str:
    number = sum(finding.severity == "error" for finding in check.findings)
    counted = f", {number} found" if number else ""
    return f"{check.status.value}{counted}"


def _again(
    facts: GateFacts, found: Sorted, red: list[CheckResult], content: bytes | None
) -> list[CheckResult]:
    """Repeat the failed checks with the baseline, and return what still fails."""
    names = [c.id for c in red if c.blocking and c.id not in found.stubborn]
    if not names:
        return []
    clone = facts.clones.adopted
    if content is not None:
        path = baseline_path(clone.root)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    checks = run_checks(clone, facts, names)
    return [check for check in checks if check.id in names and not check.green]


def _still(check: CheckResult) -> Iterator[str]:
    """What still fails in a check although its findings were recorded."""
    news = [f for f in check.findings if f.severity == "error" and not f.known]
    for finding in news:
        test = f" ({finding.test})" if finding.test else ""
        location = f"{finding.location} {finding.rule}{test}".strip()
        yield f"{check.id}: {location}: still red with the baseline"
    if not news:
        yield f"{check.id}: {check.reason or check.status.value}"


def _conclude(missing: list[str], found: Sorted, new: Baseline) -> Outcome:
    if found.faults:
        return failed("the gate is red where it was not before", found.faults)
    if missing:
        return not_run(_could_not(missing), missing)
    notes: list[str] = []
    if size(new):
        notes.append(f"{size(new)} known findings are recorded")
    if found.suspects:
        notes.append(
            "failed once and passed when repeated: " + ", ".join(sorted(found.suspects))
        )
    if found.red_today:
        notes.append(f"{len(found.red_today)} things are red today and stay red")
        return passed(
            "the adoption breaks nothing; " + "; ".join(notes), found.red_today
        )
    return passed("the gate is green; " + "; ".join(notes))
