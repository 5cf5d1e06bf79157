"""Write a baseline with the findings of a run, within its scope."""

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

# With more new entries than this, a message names only the first ones.
_MOST_NAMED = 5
# Scanners of earlier versions, and those that report the same today.
_REMOVED = frozenset({"ruff", "safety", "trufflehog"})


@dataclass(frozen=True)
class Scope:
    """The part of a repository that a run checked.

    Attributes:
        within: its directory, with a trailing slash; empty = the root.
        without: excluded directories inside it, likewise.
    """

    within: str = ""
    without: tuple[str, ...] = ()

    def has(self, path: str) -> bool:
        """Whether a file, or a test in it, belongs to the scope."""
        return path.startswith(self.within) and not path.startswith(self.without)


EVERYTHING = Scope()


def record(
    checks: Iterable[CheckResult], old: Baseline | None, scope: Scope = EVERYTHING
) -> tuple[Baseline, list[str]]:
    """Create a baseline from the findings of a run.

    Entries of checks that did not run or did not finish are kept.

    Returns:
        The new baseline, and notes about checks that are not in it.
    """
    all_checks = list(checks)
    ran = {check.id: check for check in all_checks if _has_ended(check)}
    _refuse_never_known(ran.values())
    old = old or Baseline(schema=1)
    findings = [
        known
        for known in old.findings
        if (known.check not in ran or not scope.has(known.path))
        # The project's own check may have such a name, which is also its rule.
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
    """Whether a check finished.

    A check that failed as a whole, such as crashed tests, did not; for coverage,
    a reason is normal.
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
    """The new entries of a baseline; a moved file adds none."""
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

    An existing one gets new entries only with ``grow``.
    """
    names = growth(old, new) if old is not None else []
    if names and not grow:
        more = ", …" if len(names) > _MOST_NAMED else ""
        shown = ", ".join(names[:_MOST_NAMED]) + more
        raise UsageError(
            f"--baseline write: the baseline would grow by {len(names)}: {shown}",
            hint="fix the new findings, or record them with --grow",
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
    """Write a baseline with one entry per line, which git merges best."""
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
    """Count the known findings that are resolved, among the checks that ran."""
    ended = [check for check in checks if _has_ended(check)]
    ran = {check.id for check in ended}
    known = sum(
        entry.check in ran and scope.has(entry.path) for entry in baseline.findings
    )
    if "test" in ran:
        known += sum(map(scope.has, baseline.tests))
    found = sum(check.baseline for check in ended)
    tests = [f.test for c in ended for f in c.findings if f.known and f.test]
    # A test may fail in its body and in its teardown: that is one entry.
    return max(0, known - found + len(tests) - len(set(tests)))


def offer_to_shrink(number: int, command: str) -> list[str]:
    """A note about resolved findings, if there are any."""
    text = f"{number} known findings are resolved: `{command}` removes them"
    return [f"{text} from the baseline"] if number else []
