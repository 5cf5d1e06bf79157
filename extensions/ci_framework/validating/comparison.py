"""Compare the test results before and after an adoption."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ci_framework.validating.model import (
    Outcome,
    TestDifference,
    TestTable,
    failed,
    not_run,
    passed,
    skipped,
)
from ci_framework.validating.suites import SuiteRun, lacks_module

_BAD = ("failed", "error")
_HEALTHY = ("passed", "xfailed", "xpassed")
_WORSE_KINDS = ("worse", "lost")
_Kind = Literal["worse", "better", "lost", "gained", "flaky"]


@dataclass(frozen=True)
class Compared:
    """The result of the comparison.

    Attributes:
        red: tests that failed in the base commit as well.
    """

    outcome: Outcome
    table: TestTable | None = None
    red: frozenset[str] = frozenset()


def compare(
    command: str,
    before: SuiteRun,
    after: SuiteRun,
    again: Callable[[], tuple[SuiteRun, SuiteRun]],
) -> Compared:
    """Compare two runs, test by test.

    ``again`` runs both once more; it is called if they differ.
    """
    if before.problem:
        reason = f"in the base commit: {before.problem}"
        return Compared(not_run(reason, before.tail()))
    if lacks_module(before) and not {*before.outcomes.values()} & {*_HEALTHY}:
        reason = "no test passes in the base commit, because a module is missing"
        return Compared(not_run(reason, before.tail()))
    pairs = [(before, after)]
    if after.problem or before.outcomes != after.outcomes:
        pairs.append(again())
    differences: list[TestDifference] = []
    if any(not pair[1].problem for pair in pairs):
        differences = list(_differences(pairs))
    ends = [item for pair in pairs for item in pair[0].outcomes.items()]
    red = frozenset(test for test, outcome in ends if outcome in _BAD)
    table = TestTable(
        command=command,
        before=before.counts,
        after=after.counts,
        differences=differences,
        seconds_before=before.ended.seconds,
        seconds_after=after.ended.seconds,
    )
    return Compared(_judge(pairs, differences), table, red)


def _judge(
    pairs: list[tuple[SuiteRun, SuiteRun]], differences: list[TestDifference]
) -> Outcome:
    first, last = pairs[0], pairs[-1]
    if last[1].problem:
        return failed(f"after the adoption {last[1].problem}", last[1].tail())
    if not first[0].outcomes and not last[1].outcomes:
        return skipped("the project has no tests")
    bad = [item for item in differences if _is_harm(item)]
    if bad:
        return failed(
            f"{len(bad)} tests have different results than before the adoption",
            [row for item in bad for row in _rows(item)],
        )
    counts = ", ".join(f"{n} {name}" for name, n in last[1].counts.items())
    harmless = [row for item in differences for row in _rows(item)]
    flaky = sum(item.kind == "flaky" for item in differences)
    noun = "test is" if flaky == 1 else "tests are"
    note = f"; {flaky} {noun} flaky, with and without the adoption" if flaky else ""
    return passed(f"the tests have the same results: {counts}{note}", harmless)


def _is_harm(item: TestDifference) -> bool:
    fails = item.kind == "gained" and item.after[-1] in _BAD
    return item.kind in _WORSE_KINDS or fails


def _rows(item: TestDifference) -> Iterator[str]:
    before = " then ".join(item.before) or "not there"
    after = " then ".join(item.after) or "not there"
    yield f"{item.kind}: {item.test}: before {before}, after {after}"
    lines = [line for line in item.message.splitlines() if line.startswith("E ")]
    for line in (lines or item.message.splitlines()[-1:])[:3]:
        yield f"    {line.strip()[:200]}"


def _differences(pairs: list[tuple[SuiteRun, SuiteRun]]) -> Iterator[TestDifference]:
    befores = [pair[0].outcomes for pair in pairs if not pair[0].problem]
    afters = [pair[1].outcomes for pair in pairs if not pair[1].problem]
    messages = {
        test: failure for pair in pairs for test, failure in pair[1].messages.items()
    }
    names = {test: None for run in (*befores, *afters) for test in run}
    for test in names:
        before, after = _history(test, befores), _history(test, afters)
        if set(before) != set(after) or len({*before, *after}) > 1:
            yield TestDifference(
                test=test,
                before=[word for word in before if word],
                after=[word for word in after if word],
                kind=_kind_of(before, after),
                message=messages.get(test, ""),
            )


def _history(test: str, runs: Sequence[Mapping[str, str]]) -> list[str]:
    """The outcomes of a test in all runs; empty if it did not exist."""
    return [run.get(test, "") for run in runs]


def _kind_of(before: list[str], after: list[str]) -> _Kind:
    """The difference between two histories; a common outcome means flaky."""
    if set(before) & set(after):
        return "flaky"
    if not any(before):
        return "gained"
    if not any(after):
        return "lost"
    if any(word in _HEALTHY for word in before):
        return "better" if all(word in _HEALTHY for word in after) else "worse"
    # It failed or was skipped: only a failure after a skip is worse.
    failed_before = any(word in _BAD for word in before)
    return "better" if failed_before or not {*after} & {*_BAD} else "worse"
