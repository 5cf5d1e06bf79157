"""Write a baseline: what a run found, within what it looked at."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ci_engine.errors import ToolError, UsageError
from ci_engine.findings.baseline import (
    Baseline,
    baseline_path,
    has_known_findings,
    is_never_known,
    known_entry,
    without_path,
)
from ci_engine.findings.results import CheckResult, Status
from ci_engine.project.output_files import write_text

# With more new entries than this, a message names the first ones only.
_MOST_NAMED = 5
# Scanners of earlier versions: what they found is reported by others today.
_REMOVED = frozenset({"ruff", "safety", "trufflehog"})


@dataclass(frozen=True)
class Scope:
    """The part of a repository that a run looked at.

    Attributes:
        within: its directory, with a slash at its end; empty = the top.
        without: directories inside it that it did not look at, likewise.
    """

    within: str = ""
    without: tuple[str, ...] = ()

    def has(self, path: str) -> bool:
        """Whether a file, or a test of it, belongs to the part."""
        return path.startswith(self.within) and not path.startswith(self.without)


EVERYTHING = Scope()


def record(
    checks: Iterable[CheckResult], old: Baseline | None, scope: Scope = EVERYTHING
) -> tuple[Baseline, list[str]]:
    """Make a baseline of what a run found.

    Entries of checks that were not part of the run, or did not end, are kept.

    Returns:
        The new baseline, and what a reader must know of checks that are not in it.
    """
    all_checks = list(checks)
    ran = {check.id: check for check in all_checks if _has_ended(check)}
    _refuse_never_known(ran.values())
    old = old or Baseline(schema=1)
    findings = [
        known
        for known in old.findings
        if (known.check not in ran or not scope.has(known.path))
        # A check of the project's own may have such a name: its rule is its name.
        and (known.check not in _REMOVED or known.rule == known.check)
    ]
    tests = [test for test in old.tests if "test" not in ran or not scope.has(test)]
    coverage = old.coverage
    for check in ran.values():
        if check.id == "coverage" and scope == EVERYTHING:
            coverage = check.coverage if check.status is Status.FAILED else None
        if not has_known_findings(check.id):
            continue
        errors = [finding for finding in check.findings if finding.severity == "error"]
        tests += [finding.test for finding in errors if finding.test]
        findings += [known_entry(check.id, f) for f in errors if not f.test]
    new = Baseline(
        schema=1,
        findings=sorted(findings),
        tests=sorted(set(tests)),
        coverage=coverage,
    )
    kept = [
        f"{check.id} ({check.status.value}: {check.reason}): not recorded"
        for check in all_checks
        if check.id not in ran and check.status is not Status.SKIPPED
    ]
    return new, kept


def _has_ended(check: CheckResult) -> bool:
    """Whether a check ran to its end.

    One that failed as a whole, such as a crash of the tests, did not; the reason of
    coverage is its measure.
    """
    if check.status is Status.FAILED:
        return not check.reason or check.id == "coverage"
    return check.status is Status.PASSED


def _refuse_never_known(checks: Iterable[CheckResult]) -> None:
    refused = [f for check in checks for f in check.findings if is_never_known(f)]
    if refused:
        locations = ", ".join(f"{f.location} {f.rule}" for f in refused[:5])
        raise UsageError(
            f"--baseline write: {len(refused)} findings cannot be recorded: "
            f"{locations}",
            hint="fix them: syntax errors, F and E9 of ruff, and malware are never "
            "accepted",
        )


def growth(old: Baseline, new: Baseline) -> list[str]:
    """What the new baseline adds to the old one; a moved file adds nothing."""
    more = Counter(new.findings) - Counter(old.findings)
    room = Counter(old.findings) - Counter(new.findings)
    elsewhere = Counter(without_path(entry) for entry in room.elements())
    names: list[str] = []
    for entry in sorted(more.elements()):
        key = without_path(entry)
        if elsewhere[key] > 0:
            elsewhere[key] -= 1
        else:
            names.append(f"{entry.path} {entry.rule}")
    names += sorted(set(new.tests) - set(old.tests))
    covered = new.coverage
    if covered is not None and (old.coverage is None or covered < old.coverage):
        names.append("lower coverage")
    return names


def write(root: Path, old: Baseline | None, new: Baseline, *, grow: bool) -> str:
    """Write the baseline, and report what changed.

    Only with ``grow`` an existing one gets new entries.
    """
    names = growth(old, new) if old is not None else []
    if names and not grow:
        more = ", …" if len(names) > _MOST_NAMED else ""
        shown = ", ".join(names[:_MOST_NAMED]) + more
        raise UsageError(
            f"--baseline write: the baseline would grow by {len(names)}: {shown}",
            hint="fix what is new, or add --grow to record it on purpose",
        )
    path = baseline_path(root)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ToolError(f"{path.parent}: {error.strerror}") from error
    write_text(path, to_json(new))
    before = _size(old) if old is not None else 0
    return f"{before} known findings before, {_size(new)} now"


def to_json(baseline: Baseline) -> str:
    """Write a baseline with one entry on each line: that is what git merges best."""
    rows = [f'  "schema": {baseline.schema}']
    if baseline.coverage is not None:
        rows.append(f'  "coverage": {json.dumps(baseline.coverage)}')
    rows += _list("tests", baseline.tests)
    rows += _list("findings", [msgspec.structs.asdict(f) for f in baseline.findings])
    return "{\n" + ",\n".join(rows) + "\n}\n"


def _list(name: str, items: Iterable[object]) -> Iterator[str]:
    lines = [f"    {json.dumps(item, ensure_ascii=False)}" for item in items]
    if lines:
        yield f'  "{name}": [\n' + ",\n".join(lines) + "\n  ]"


def _size(baseline: Baseline) -> int:
    return len(baseline.findings) + len(baseline.tests)


def count_resolved(
    baseline: Baseline, checks: Iterable[CheckResult], scope: Scope = EVERYTHING
) -> int:
    """How many known findings of the checks that ran are resolved."""
    ended = [check for check in checks if _has_ended(check)]
    ran = {check.id for check in ended}
    known = sum(
        entry.check in ran and scope.has(entry.path) for entry in baseline.findings
    )
    if "test" in ran:
        known += sum(map(scope.has, baseline.tests))
    found = sum(check.baseline for check in ended)
    tests = [f.test for c in ended for f in c.findings if f.known and f.test]
    # A test may fail in its body and in its tear-down: that is one entry.
    return max(0, known - found + len(tests) - len(set(tests)))


def offer_to_shrink(number: int, command: str) -> list[str]:
    """The note that known findings are resolved, if any are."""
    text = f"{number} known findings are gone: `{command}` shrinks the baseline"
    return [text] if number else []
