"""Scan an adopted commit, and record the existing findings, except secrets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from ci_engine.findings.baseline import baseline_path, read_baseline
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.scanning.scanners import SCANNERS
from ci_framework.validating.engine import run_engine
from ci_framework.validating.model import (
    AdoptionFacts,
    Outcome,
    failed,
    not_run,
    passed,
    skipped,
)
from ci_framework.validating.red import GateFacts, size

_WORKFLOW = "security-audit.yml"
_UNFINISHED = (Status.NOT_RUN, Status.TIMED_OUT)
# Scanners have their own limits; together they may take this many times as long
# as one run of the tests.
_PATIENCE = 3

_Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Scanned:
    """The results of the scan.

    Attributes:
        red_today: secrets, which fail before and after, and are never recorded.
        baseline: the baseline of gate and scan, None if none is needed.
    """

    outcome: Outcome
    red_today: list[str] = field(default_factory=list[str])
    baseline: bytes | None = None


def scans(adoption: AdoptionFacts) -> bool:
    """Whether the adoption adds a workflow that scans."""
    names = (PurePosixPath(path).name for path in adoption.created)
    return any(name.endswith(_WORKFLOW) for name in names)


def judge_scan(facts: GateFacts, recorded: bytes | None) -> Scanned:
    """Scan like the workflow, including the whole history, and record findings.

    ``recorded`` is the baseline of the gate.
    """
    if not scans(facts.adoption):
        why = f"the adoption brings no {_WORKFLOW}"
        return Scanned(skipped(f"{why}: `ci-framework/ci scan` works anyway"))
    checks, content = _scan_adopted(facts, recorded)
    faults = _since(facts, checks)
    if faults:
        return Scanned(failed("the scan is red where it was not before", faults))
    secrets = [
        _finding_text(check, finding)
        for check in checks
        if not _stopped(check) or _is_about_secrets(check)
        for finding in _standing(check)
    ]
    rows = _folded(secrets)
    return Scanned(_conclude(checks, len(secrets), rows), rows, content)


def _scan_adopted(
    facts: GateFacts, recorded: bytes | None
) -> tuple[list[CheckResult], bytes | None]:
    """Let the engine extend the baseline of the gate with that of the scan."""
    adopted = facts.clones.adopted
    path = baseline_path(adopted.root)
    before = path.read_bytes() if path.is_file() else None
    if recorded is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(recorded)
    # Once a week the workflow searches the whole history.
    words = ["scan", "--json", "--history", "all", "--baseline", "write", "--grow"]
    try:
        timeout = _PATIENCE * facts.timeout
        run = run_engine(adopted, adopted, words, timeout=timeout)
        written = path.read_bytes() if path.is_file() else None
        new = read_baseline(adopted.root)
    finally:
        adopted.reset()
    nothing = new is None or (before is None and not size(new))
    return run.checks, recorded if nothing or written == before else written


def _stopped(check: CheckResult) -> bool:
    """Whether a scanner did not do its work, even if it has some findings."""
    with_reason = check.status is Status.FAILED and bool(check.reason)
    return check.status in _UNFINISHED or with_reason


def _is_about_secrets(check: CheckResult) -> bool:
    return any(name == check.id and e.kind == "secret" for name, e in SCANNERS.items())


def _errors(check: CheckResult) -> Iterator[Finding]:
    return (item for item in check.findings if item.severity == "error")


def _standing(check: CheckResult) -> list[Finding]:
    """Blocking findings that remain although everything allowed was recorded."""
    return [item for item in _errors(check) if not (item.known or item.waiver)]


def _since(facts: GateFacts, checks: Sequence[CheckResult]) -> list[str]:
    """Blocking findings in files that the adoption changed, and that are new."""
    changed = facts.adoption.changed
    suspects = [
        (check, finding)
        for check in checks
        for finding in _errors(check)
        # Findings in old commits have no line that could be compared.
        if finding.path in changed and check.id != "history"
    ]
    created = set(facts.adoption.created)
    edited = [item for item in suspects if item[1].path not in created]
    before = _keys_of_base(facts) if edited else Counter[_Key]()
    faults: list[str] = []
    for check, finding in suspects:
        key = _key(finding)
        if before[key] > 0:
            before[key] -= 1
        else:
            text = " ".join(finding.message.split())[:160]
            faults.append(
                f"{_finding_text(check, finding)}: red since the adoption: {text}"
            )
    return faults


def _keys_of_base(facts: GateFacts) -> Counter[_Key]:
    """The findings of the same engine with the same settings in the base commit."""
    words = ["scan", "--json", "--history", "none"]
    run = run_engine(
        facts.clones.adopted,
        facts.clones.base,
        words,
        timeout=_PATIENCE * facts.timeout,
        variables=facts.settings,
    )
    facts.clones.base.reset()
    return Counter(_key(item) for check in run.checks for item in _errors(check))


def _key(finding: Finding) -> _Key:
    name = finding.fingerprint or finding.message
    return finding.tool, finding.rule, finding.path, name


def _finding_text(check: CheckResult, finding: Finding) -> str:
    return f"{check.id}: {finding.location} {finding.rule}".strip()


def _folded(rows: list[str]) -> list[str]:
    """Equal rows once: the history has a secret in each version of its line."""
    return [
        f"{row} ({number} times)" if number > 1 else row
        for row, number in Counter(rows).items()
    ]


def _conclude(
    checks: Sequence[CheckResult], number: int, secrets: list[str]
) -> Outcome:
    known = sum(finding.known for check in checks for finding in check.findings)
    notes = [f"{known} known findings are recorded"] if known else []
    if secrets:
        notes.append(f"{number} secrets are red today and never recorded")
    missing = [check for check in checks if check.blocking and _stopped(check)]
    if missing:
        names = ", ".join(check.id for check in missing)
        rows = [_why(check) for check in missing]
        reason = "; ".join([f"the scan could not examine everything: {names}", *notes])
        return not_run(reason, [*rows, *secrets])
    level = next((check.tier for check in checks if check.tier), "")
    done = f"scanned at level {level}" if level else "scanned"
    return passed("; ".join([done, *notes]), secrets)


def _why(check: CheckResult) -> str:
    number = 0 if _is_about_secrets(check) else len(_standing(check))
    found = f"; {number} of its findings are not recorded" if number else ""
    return f"{check.id}: {check.reason or check.status.value}{found}"
