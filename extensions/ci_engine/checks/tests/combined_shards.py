"""Judge the tests of all shards like one run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from ci_engine.checks.tests.shard import RECORD_NAME, ShardRecord
from ci_engine.errors import UsageError
from ci_engine.findings.results import CheckResult, RunResult, Status, name_some

# Checks that run on the combined shards; all others run in each shard.
COMBINED_CHECKS = ("test", "coverage", "patch-coverage")
LEFT_TO_COMBINING = "judged once the shards are combined (ci gate --combine)"
_NAME = re.compile(
    r"shard-(?P<label>.+?)-(?P<index>\d+)-of-(?P<count>\d+)(?:-(?P<attempt>\d{1,6}))?"
)
_WORST_FIRST = (Status.FAILED, Status.TIMED_OUT, Status.NOT_RUN)
_MOST_NAMED = 3


class _Planned(msgspec.Struct, rename="kebab"):
    """An entry of a workflow's matrix; empty fields = not a shard."""

    label: str = ""
    shard: str = ""
    package: str = ""
    checks: str = ""


class _Matrix(msgspec.Struct):
    include: list[_Planned] = []


@dataclass(frozen=True)
class ShardReport:
    """The reports of one shard.

    Attributes:
        index: its number, from 1.
        record: what it ran and what it left to others; None if there is no record.
    """

    index: int
    directory: Path
    result: RunResult
    record: ShardRecord | None

    @property
    def name(self) -> str:
        """The name in messages."""
        return f"shard {self.index}"

    def check(self, name: str) -> CheckResult | None:
        """The result of one check."""
        return next((c for c in self.result.checks if c.id == name), None)


@dataclass
class ShardGroup:
    """The shards of one matrix job.

    Attributes:
        label: the name of the job, such as linux-py3.12.
        package: the package with the tests, empty = the whole repository.
        checks: the requested checks; empty = those of the tier.
        unread: why reports are missing, one line per report.
    """

    label: str
    count: int
    package: str = ""
    checks: list[str] = field(default_factory=list[str])
    reports: list[ShardReport] = field(default_factory=list[ShardReport])
    unread: list[str] = field(default_factory=list[str])


def find_shards(directory: Path, matrix: str) -> list[ShardGroup]:
    """Read the shards below a directory, each from its own directory.

    Args:
        directory: the directory of their reports; the last of several attempts counts.
        matrix: the matrix of the workflow as JSON, with the expected shards;
            empty = derive the expected shards from names.

    Raises:
        UsageError: if there are no shards at all.
    """
    found: dict[tuple[str, int, int], tuple[int, Path]] = {}
    for path in sorted(directory.glob("shard-*")):
        match = _NAME.fullmatch(path.name)
        if match is None:
            continue
        key = match["label"], int(match["index"]), int(match["count"])
        attempt = int(match["attempt"] or 0)
        if key not in found or attempt > found[key][0]:
            found[key] = attempt, path
    groups: dict[str, ShardGroup] = {}
    named = {label: count for label, _, count in found}
    planned = _expected(matrix) or [ShardGroup(*each) for each in named.items()]
    for each in planned:
        if each.label in groups:
            continue
        groups[each.label] = each
        for index in range(1, each.count + 1):
            _, report = found.get((each.label, index, each.count), (0, None))
            _read_into(each, index, report)
        ran = (report.result.package for report in each.reports)
        each.package = each.package or next(filter(None, ran), "")
    if not groups:
        raise UsageError(
            f"--combine: {directory}: no report of a shard",
            hint="run `ci-framework/ci gate --shard 1/2 --report-dir "
            f"{directory}/shard-local-1-of-2`, and the same for shard 2/2",
        )
    return [groups[label] for label in sorted(groups)]


def _expected(matrix: str) -> list[ShardGroup]:
    """The matrix jobs whose tests are sharded, once for each of their shards."""
    try:
        planned = msgspec.json.decode(matrix or "{}", type=_Matrix)
    except msgspec.DecodeError as error:
        raise UsageError(f"SHARDS: {error}") from error
    found = ((_NAME.fullmatch(f"shard-{each.label}"), each) for each in planned.include)
    return [
        ShardGroup(match["label"], int(match["count"]), each.package, _names(each))
        for match, each in found
        if match is not None and each.shard
    ]


def _names(planned: _Planned) -> list[str]:
    return planned.checks.split(",") if planned.checks else []


def _read_into(group: ShardGroup, index: int, path: Path | None) -> None:
    name = f"shard {index}"
    if path is None:
        group.unread.append(f"{name} left no report")
        return
    try:
        data = (path / "result.json").read_bytes()
        result = msgspec.json.decode(data, type=RunResult)
        written = path / RECORD_NAME
        record = None
        if written.is_file():
            record = msgspec.json.decode(written.read_bytes(), type=ShardRecord)
    except (OSError, msgspec.DecodeError) as error:
        group.unread.append(f"the report of {name} cannot be read: {error}")
        return
    group.reports.append(ShardReport(index, path, result, record))


def combine_tests(group: ShardGroup, *, partial: bool) -> CheckResult:
    """The combined result of the tests of all shards.

    Args:
        group: the shards.
        partial: whether tests were skipped that the change cannot break.
    """
    checks = [c for r in group.reports if (c := r.check("test")) is not None]
    result = CheckResult(
        tool=next((check.tool for check in checks if check.tool), ""),
        environment=next((c.environment for c in checks if c.environment), ""),
        tests=list(
            {(t.id, t.outcome, t.path): t for c in checks for t in c.tests}.values()
        ),
        findings=[finding for check in checks for finding in check.findings],
        output=next((check.output for check in checks if not check.green), ""),
        notes=_notes(group, checks),
    )
    problems = [*_problems(group), *_divided_wrongly(group)]
    if not problems and all(check.status is Status.SKIPPED for check in checks):
        records = [report.record for report in group.reports if report.record]
        divided = any(record.here or record.others for record in records)
        if divided and not partial:
            text = "every test of every shard was skipped: nothing was tested"
            problems = [(Status.FAILED, text)]
        else:
            result.status = Status.SKIPPED
            result.reason = checks[0].reason
    for status in reversed(_WORST_FIRST):
        reasons = [reason for found, reason in problems if found is status]
        if reasons:
            result.status, result.reason = status, "; ".join(dict.fromkeys(reasons))
    return result


def _notes(group: ShardGroup, checks: Iterable[CheckResult]) -> list[str]:
    notes = (note for check in checks for note in check.notes)
    own = [note for note in notes if not re.match(r"shard \d+ of \d+: ", note)]
    return [f"{group.count} shards of {group.label}", *dict.fromkeys(own)]


def _problems(group: ShardGroup) -> Iterator[tuple[Status, str]]:
    """Problems that make the tests fail, except those of their division."""
    for text in group.unread:
        yield Status.NOT_RUN, text
    for report in group.reports:
        check = report.check("test")
        if check is None:
            yield Status.NOT_RUN, f"{report.name} ran no tests"
        elif check.status in _WORST_FIRST:
            reason = check.reason or f"{len(check.findings)} findings"
            yield check.status, f"{report.name}: {reason}"
        elif check.status is Status.PASSED and report.record is None:
            yield Status.NOT_RUN, f"{report.name} does not report what it ran"
        for other in report.result.checks:
            if other.id not in COMBINED_CHECKS and not other.green:
                yield other.status, f"{report.name}: {other.id}: {other.reason}"


def _divided_wrongly(group: ShardGroup) -> Iterator[tuple[Status, str]]:
    """Tests that no shard or several shards ran, because their collections differ."""
    known = [(report, report.record) for report in group.reports if report.record]
    if not known:
        return
    first, one = known[0]
    whole = {*one.here, *one.others}
    for report, record in known[1:]:
        different = sorted(whole ^ {*record.here, *record.others})
        if different:
            text = f"{first.name} and {report.name} collected different tests: "
            yield Status.FAILED, text + name_some(different, _MOST_NAMED)
            return
    ran = [frozenset(record.here) for _, record in known]
    times: Mapping[str, int] = {
        name: sum(name in here for here in ran) for name in whole
    }
    several = sorted(name for name, number in times.items() if number > 1)
    none = sorted(name for name, number in times.items() if number == 0)
    if several:
        text = f"several shards ran {name_some(several, _MOST_NAMED)}"
        yield Status.FAILED, text
    if none and len(known) == group.count:
        yield Status.FAILED, f"no shard ran {name_some(none, _MOST_NAMED)}"
