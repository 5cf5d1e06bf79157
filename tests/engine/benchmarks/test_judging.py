"""What was measured becomes one result for each benchmark, and one for the run."""

from __future__ import annotations

import pytest

from ci_engine.benchmarks.judging import judge
from ci_engine.benchmarks.measuring import Measurements, Pass, Times
from ci_engine.benchmarks.suite_process import ProcessResult
from ci_engine.configuration.defaults import read_defaults
from ci_engine.findings.results import CheckResult, Status, TestCase

PERFORMANCE = read_defaults().performance.defaults
SIX = [1.0, 1.01, 1.0, 1.02, 1.0, 1.01]


def times(**factors: float) -> Times:
    """What six processes measured, by the name of each benchmark."""
    seconds = {name: [time * by for time in SIX] for name, by in factors.items()}
    return Times(seconds, len(SIX))


def measured(base: Times, head: Times) -> Measurements:
    """Both sides, with fresh processes that measured the same."""
    return Measurements(first=Pass(base, head), again=Pass(base, head))


def verdicts(check: CheckResult) -> dict[str, str]:
    assert check.comparison is not None
    return {each.name: each.verdict for each in check.comparison.benchmarks}


def test_each_benchmark_gets_its_verdict_the_worst_first() -> None:
    found = measured(
        times(same=1, slow=1, quick=1, old=1), times(same=1, slow=1.2, quick=0.5, new=1)
    )
    broken = TestCase(id="broken", outcome="failed", message="no such file")
    found.failed["head"]["broken"] = broken
    check = judge(found, PERFORMANCE, "quick")
    assert list(verdicts(check).items()) == [
        ("slow", "regression"),
        ("broken", "failed"),
        ("quick", "improvement"),
        ("new", "new"),
        ("old", "removed"),
        ("same", "unchanged"),
    ]
    assert check.status is Status.FAILED
    assert [each.rule for each in check.findings] == [
        "benchmark-regression",
        "benchmark-failed",
    ]
    assert check.comparison is not None
    slow = check.comparison.benchmarks[0]
    assert slow.ratio == slow.confirmed == pytest.approx(1.2)
    assert slow.low is not None
    assert slow.high is not None
    assert slow.low <= 1.2 <= slow.high
    # All processes of both passes count.
    assert (slow.base_processes, slow.head_processes) == (12, 12)


def test_a_suite_that_breaks_is_judged_by_the_side_it_breaks_on() -> None:
    problem = ProcessResult(problem="exit code 9")
    for sides, status in (
        (("head",), Status.FAILED),
        (("base",), Status.SKIPPED),
        (("base", "head"), Status.NOT_RUN),
    ):
        found = measured(times(same=1), times(same=1))
        found.problems.update(dict.fromkeys(sides, problem))
        assert judge(found, PERFORMANCE, "quick").status is status


def test_nothing_measured_is_not_green() -> None:
    check = judge(Measurements(), PERFORMANCE, "quick")
    assert check.status is Status.NOT_RUN
    assert check.reason.startswith("nothing was measured")


def test_a_busy_machine_is_named_where_it_hides_a_change() -> None:
    wild = [1.0, 2.6, 1.9, 3.0, 1.2, 2.2]
    names = [f"wild{number}" for number in range(3)]
    base, head = times(slow=1), times(slow=1)
    base.seconds |= dict.fromkeys(names, wild)
    head.seconds |= dict.fromkeys(names, wild[::-1])
    base.seconds["slow"] = [1.0, 1.2, 1.1, 1.3, 1.15, 1.25]
    head.seconds["slow"] = [time * 1.3 for time in base.seconds["slow"]]
    check = judge(measured(base, head), PERFORMANCE, "quick")
    assert verdicts(check)["slow"] == "unstable"
    assert check.status is Status.PASSED
    assert check.comparison is not None
    reasons = {each.name: each.reason for each in check.comparison.benchmarks}
    assert reasons["slow"].startswith("the machine is too busy to be sure: the noise")
