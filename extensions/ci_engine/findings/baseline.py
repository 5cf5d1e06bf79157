"""The baseline of accepted findings, which may only shrink.

``ci-framework/project/baseline.json`` belongs to the project. A check passes if all of
its findings are in it, and reports how many remain.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from ci_engine.configuration.reading import read_text
from ci_engine.errors import ConfigurationError
from ci_engine.findings.malware import MALWARE
from ci_engine.findings.results import CheckResult, Finding, Status

BASELINE_FILE = "ci-framework/project/baseline.json"
# Syntax errors, undefined names and unused imports must be fixed, not recorded: by
# tool, with the tool's rule names (pyright has no name for a syntax error).
_NEVER_KNOWN = {
    "ruff": re.compile(r"F\d|E9|invalid-syntax"),
    "mypy": re.compile(r"syntax$"),
    "pyright": re.compile(r"error$"),
    "pyrefly": re.compile(r"(parse-error|invalid-syntax)$"),
}
# Findings of these checks have no single locations to record.
_WITHOUT_BASELINE = frozenset(
    {
        *("no-conflict-markers", "coverage", "patch-coverage", "build", "lock"),
        *("python", "tracked-output", "api"),
    }
)


class Known(msgspec.Struct, frozen=True, order=True, forbid_unknown_fields=True):
    """One accepted finding: its location, its check, and its fingerprint."""

    path: str
    check: str
    tool: str
    rule: str
    fingerprint: str


_Percent = Annotated[float, msgspec.Meta(ge=0, le=100)]


class Baseline(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The findings when the baseline was written.

    Attributes:
        coverage: the minimum coverage in percent; None = the threshold of the
            settings applies.
    """

    schema: Literal[1]
    findings: list[Known] = msgspec.field(default_factory=list[Known])
    tests: list[str] = msgspec.field(default_factory=list[str])
    coverage: _Percent | None = None


def baseline_path(root: Path) -> Path:
    """The path of a repository's baseline."""
    return root / BASELINE_FILE


def parse_baseline(text: str) -> Baseline:
    """Parse a baseline."""
    return msgspec.json.decode(text, type=Baseline)


def read_baseline(root: Path) -> Baseline | None:
    """Read the baseline, None if the project has none.

    Raises:
        ConfigurationError: if the file is not a valid baseline.
    """
    path = baseline_path(root)
    if not path.is_file():
        return None
    try:
        return parse_baseline(read_text(path))
    except (msgspec.DecodeError, ConfigurationError) as error:
        raise ConfigurationError(
            f"{BASELINE_FILE}: {error}",
            hint=f"restore it with `git restore {BASELINE_FILE}`; or delete it and "
            "write it again with `ci-framework/ci gate --baseline write`",
        ) from error


@dataclass(frozen=True)
class AcceptedBefore:
    """What was accepted before a change, which it cannot extend for itself.

    Attributes:
        baseline: the baseline of the base commit.
        touches: whether the change may have caused a finding.
        touches_code: whether the change touches any code.
    """

    baseline: Baseline
    touches: Callable[[Finding], bool]
    touches_code: bool


def judge(
    result: CheckResult,
    baseline: Baseline | None,
    before: AcceptedBefore | None = None,
) -> None:
    """Mark known findings; a failed check without new ones passes."""
    errors = [finding for finding in result.findings if finding.severity == "error"]
    result.new, result.baseline = len(errors), 0
    if baseline is None:
        return
    if result.id == "coverage":
        _judge_coverage(result, _floor(baseline, before))
    if not has_known_findings(result.id):
        return
    known = _known_of(result.id, errors, baseline)
    if before is not None:
        own = {id(finding) for finding in errors if before.touches(finding)}
        known -= own - _known_of(result.id, errors, before.baseline)
    result.findings = [
        msgspec.structs.replace(finding, known=id(finding) in known)
        for finding in result.findings
    ]
    result.baseline = len(known)
    result.new = len(errors) - len(known)
    all_known = result.baseline and not result.new
    # A reason means that the check failed as a whole, which cannot be known.
    if result.status is Status.FAILED and all_known and not result.reason:
        result.status = Status.PASSED
    if result.baseline:
        noun = "finding remains" if result.baseline == 1 else "findings remain"
        result.notes.append(f"{result.baseline} known {noun}")


def _floor(baseline: Baseline, before: AcceptedBefore | None) -> float | None:
    """The required coverage; a change of code cannot lower it."""
    if before is None or not before.touches_code or baseline.coverage is None:
        return baseline.coverage
    earlier = before.baseline.coverage
    return None if earlier is None else max(earlier, baseline.coverage)


def _judge_coverage(result: CheckResult, floor: float | None) -> None:
    """Pass coverage that is not below the baseline."""
    measured = result.coverage
    failed = result.status is Status.FAILED
    if failed and floor is not None and measured is not None and measured >= floor:
        result.status, result.findings, result.new = Status.PASSED, [], 0
        result.reason = ""
        result.notes.append(f"the baseline requires {floor} %")


def _known_of(check: str, errors: Iterable[Finding], baseline: Baseline) -> set[int]:
    """The known findings: each entry of the baseline covers one."""
    tests = set(baseline.tests)
    entries = Counter(entry for entry in baseline.findings if entry.check == check)
    anywhere = Counter(without_path(entry) for entry in entries.elements())
    known: set[int] = set()
    later: list[Finding] = []
    for finding in errors:
        entry = known_entry(check, finding)
        if is_never_known(finding):
            continue
        if finding.test:
            if finding.test in tests:
                known.add(id(finding))
        elif entries[entry] > 0:
            entries[entry] -= 1
            anywhere[without_path(entry)] -= 1
            known.add(id(finding))
        else:
            later.append(finding)
    for finding in later:
        key = without_path(known_entry(check, finding))
        if anywhere[key] > 0:
            anywhere[key] -= 1
            known.add(id(finding))
    return known


def known_entry(check: str, finding: Finding) -> Known:
    """The baseline entry of a finding."""
    return Known(finding.path, check, finding.tool, finding.rule, finding.fingerprint)


def without_path(entry: Known) -> Known:
    """The entry for any file, so that moved files keep their entries."""
    return msgspec.structs.replace(entry, path="")


def is_never_known(finding: Finding) -> bool:
    """Whether no baseline may contain a finding."""
    if finding.rule.startswith(MALWARE):
        return True
    pattern = _NEVER_KNOWN.get(finding.tool)
    return pattern is not None and bool(pattern.match(finding.rule))


def has_known_findings(check: str) -> bool:
    """Whether a baseline may contain findings of a check."""
    return check not in _WITHOUT_BASELINE
