"""The baseline: what was red before, known by name, and may only shrink.

``ci-framework/project/baseline.json`` belongs to the project. A check whose every
finding stands in it passes, and says how many remain.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from ci_engine.configuration.reading import read_text
from ci_engine.errors import ConfigurationError, ToolError, UsageError
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.project.output_files import write_text

__all__ = [
    "EVERYTHING",
    "Baseline",
    "Scope",
    "baseline_path",
    "gone",
    "judge",
    "read_baseline",
    "record",
    "write",
]

# Syntax errors, undefined names and unused imports are mended, not recorded: by tool,
# the rules in the tool's own words (pyright has no name for a syntax error).
_NEVER_KNOWN = {
    "ruff": re.compile(r"F\d|E9|invalid-syntax"),
    "mypy": re.compile(r"syntax$"),
    "pyright": re.compile(r"error$"),
}
_NAME = "ci-framework/project/baseline.json"
# Findings of these checks are not about single places that may be known.
_WITHOUT_BASELINE = frozenset(
    {
        *("no-conflict-markers", "coverage", "patch-coverage", "build", "lock"),
        *("python", "tracked-output"),
    }
)

# With more new entries than this, a message names the first ones only.
_MOST_NAMED = 5


class Known(msgspec.Struct, frozen=True, order=True, forbid_unknown_fields=True):
    """One known finding: where it is, who found it, and its fingerprint."""

    path: str
    check: str
    tool: str
    rule: str
    fingerprint: str


_Percent = Annotated[float, msgspec.Meta(ge=0, le=100)]


class Baseline(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What was red when the baseline was written.

    Attributes:
        schema: version of this format.
        findings: known findings, sorted.
        tests: ids of tests that fail, sorted.
        coverage: covered share in percent below which it may not fall; None = the
            threshold of the settings holds.
    """

    schema: Literal[1]
    findings: list[Known] = msgspec.field(default_factory=list[Known])
    tests: list[str] = msgspec.field(default_factory=list[str])
    coverage: _Percent | None = None


@dataclass(frozen=True)
class Growth:
    """What a new baseline would have that the old one has not."""

    findings: list[Known]
    tests: list[str]
    coverage: bool

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.findings or self.tests or self.coverage)


def baseline_path(root: Path) -> Path:
    """Where the baseline of a repository is."""
    return root / _NAME


def read_baseline(root: Path) -> Baseline | None:
    """Read the baseline, None if the project has none.

    Raises:
        ConfigurationError: if the file is not a baseline.
    """
    path = baseline_path(root)
    if not path.is_file():
        return None
    try:
        return msgspec.json.decode(read_text(path), type=Baseline)
    except (msgspec.DecodeError, ConfigurationError) as error:
        raise ConfigurationError(
            f"{_NAME}: {error}",
            hint=f"restore it with `git restore {_NAME}`; or delete it and write "
            "it anew with `ci-framework/ci gate --baseline write`",
        ) from error


def judge(result: CheckResult, baseline: Baseline | None) -> None:
    """Take what is known out of a result; without news a failed check passes."""
    errors = [finding for finding in result.findings if finding.severity == "error"]
    result.new, result.baseline = len(errors), 0
    if baseline is None:
        return
    if result.id == "coverage":
        _judge_coverage(result, baseline.coverage)
    if result.id in _WITHOUT_BASELINE:
        return
    known = _known_of(result.id, errors, baseline)
    result.findings = [
        msgspec.structs.replace(finding, known=id(finding) in known)
        for finding in result.findings
    ]
    result.baseline = len(known)
    result.new = len(errors) - len(known)
    all_known = result.baseline and not result.new
    # A reason says that the check failed as a whole: that is no known finding.
    if result.status is Status.FAILED and all_known and not result.reason:
        result.status = Status.PASSED
    if result.baseline:
        noun = "finding remains" if result.baseline == 1 else "findings remain"
        result.notes.append(f"{result.baseline} known {noun}")


def _judge_coverage(result: CheckResult, floor: float | None) -> None:
    """Let coverage pass that is not below what the baseline allows."""
    measured = result.coverage
    failed = result.status is Status.FAILED
    if failed and floor is not None and measured is not None and measured >= floor:
        result.status, result.findings, result.new = Status.PASSED, [], 0
        result.reason = ""
        result.notes.append(f"the baseline asks for {floor} %")


def _known_of(check: str, errors: Iterable[Finding], baseline: Baseline) -> set[int]:
    """Which findings are known: each entry of the baseline covers one."""
    tests = set(baseline.tests)
    entries = Counter(entry for entry in baseline.findings if entry.check == check)
    # A file that moved takes its findings along: its old entries cover them.
    anywhere = Counter(_without_path(entry) for entry in entries.elements())
    known: set[int] = set()
    later: list[Finding] = []
    for finding in errors:
        entry = _entry(check, finding)
        if _never_known(finding):
            continue
        if finding.test:
            if finding.test in tests:
                known.add(id(finding))
        elif entries[entry] > 0:
            entries[entry] -= 1
            anywhere[_without_path(entry)] -= 1
            known.add(id(finding))
        else:
            later.append(finding)
    for finding in later:
        key = _without_path(_entry(check, finding))
        if anywhere[key] > 0:
            anywhere[key] -= 1
            known.add(id(finding))
    return known


def _entry(check: str, finding: Finding) -> Known:
    return Known(finding.path, check, finding.tool, finding.rule, finding.fingerprint)


def _without_path(entry: Known) -> Known:
    return msgspec.structs.replace(entry, path="")


@dataclass(frozen=True)
class Scope:
    """The part of a repository that a run looked at.

    Attributes:
        within: its directory, with a slash at its end; empty = the top.
        without: directories below that it did not look at, likewise.
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

    What the old baseline says of checks that were not part of the run, or did not
    come to their end, is kept.

    Args:
        checks: what the run found.
        old: the baseline there is.
        scope: what the run looked at.

    Returns:
        The new baseline, and what a reader must know of checks that are not in it.

    Raises:
        UsageError: if a check found something that no baseline may hold.
    """
    all_checks = list(checks)
    ran = {check.id: check for check in all_checks if _came_to_its_end(check)}
    _refuse_never_known(ran.values())
    old = old or Baseline(schema=1)
    findings = [
        known
        for known in old.findings
        if known.check not in ran or not scope.has(known.path)
    ]
    tests = [test for test in old.tests if "test" not in ran or not scope.has(test)]
    coverage = old.coverage
    for check in ran.values():
        if check.id == "coverage" and scope == EVERYTHING:
            coverage = check.coverage if check.status is Status.FAILED else None
        if check.id in _WITHOUT_BASELINE:
            continue
        errors = [finding for finding in check.findings if finding.severity == "error"]
        tests += [finding.test for finding in errors if finding.test]
        findings += [_entry(check.id, f) for f in errors if not f.test]
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


def _came_to_its_end(check: CheckResult) -> bool:
    """Whether a check saw everything that it would have found.

    One that failed as a whole, such as a crash of the tests, did not; the reason of
    coverage is its measure.
    """
    if check.status is Status.FAILED:
        return not check.reason or check.id == "coverage"
    return check.status is Status.PASSED


def _refuse_never_known(checks: Iterable[CheckResult]) -> None:
    refused = [f for check in checks for f in check.findings if _never_known(f)]
    if refused:
        locations = ", ".join(f"{f.location} {f.rule}" for f in refused[:5])
        raise UsageError(
            f"--baseline write: {len(refused)} findings cannot be recorded: "
            f"{locations}",
            hint="fix them: syntax errors, F and E9 of ruff are never accepted",
        )


def _never_known(finding: Finding) -> bool:
    pattern = _NEVER_KNOWN.get(finding.tool)
    return pattern is not None and bool(pattern.match(finding.rule))


def growth(old: Baseline, new: Baseline) -> Growth:
    """What the new baseline has more than the old one; a moved file is not more."""
    more = Counter(new.findings) - Counter(old.findings)
    room = Counter(old.findings) - Counter(new.findings)
    elsewhere = Counter(_without_path(entry) for entry in room.elements())
    findings: list[Known] = []
    for entry in sorted(more.elements()):
        key = _without_path(entry)
        if elsewhere[key] > 0:
            elsewhere[key] -= 1
        else:
            findings.append(entry)
    lower = new.coverage is not None and (
        old.coverage is None or new.coverage < old.coverage
    )
    return Growth(
        findings=findings,
        tests=sorted(set(new.tests) - set(old.tests)),
        coverage=lower,
    )


def write(root: Path, old: Baseline | None, new: Baseline, *, grow: bool) -> str:
    """Write the baseline and say what changed.

    Args:
        root: the repository.
        old: what there was before, None if there was none.
        new: what to write.
        grow: whether an existing baseline may get new entries.

    Raises:
        UsageError: if the baseline would grow and may not.
        ToolError: if it cannot be written.
    """
    more = growth(old, new) if old is not None else None
    if more and not grow:
        names = [f"{known.path} {known.rule}" for known in more.findings] + more.tests
        names += ["lower coverage"] if more.coverage else []
        more_names = ", …" if len(names) > _MOST_NAMED else ""
        shown = ", ".join(names[:_MOST_NAMED]) + more_names
        raise UsageError(
            f"--baseline write: the baseline would grow by {len(names)}: {shown}",
            hint="mend what is new, or add --grow to record it on purpose",
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


def gone(
    baseline: Baseline, checks: Iterable[CheckResult], scope: Scope = EVERYTHING
) -> int:
    """How many known findings of the checks that ran did not turn up again."""
    ended = [check for check in checks if _came_to_its_end(check)]
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
