"""The rule for verdicts, and its reliability in simulated noise."""

from __future__ import annotations

import pytest

from ci_engine.benchmarks.decision import (
    Evidence,
    Sample,
    decide,
    holm,
    interval,
    lower_quartile,
    rank_sum_p,
)
from tests.benchmarks.regression_gate import (
    NOISES,
    mean_of_two_runs,
    ours,
    share_of_red,
    share_of_red_suites,
)

STEADY = (1.0, 1.01, 1.0, 1.02, 1.0)


def scaled(factor: float) -> Sample:
    return Sample(STEADY, [time * factor for time in STEADY])


def test_the_lower_quartile_lies_between_the_nearest_times() -> None:
    assert lower_quartile([5, 1, 2, 3, 4]) == 2
    assert lower_quartile([1, 2, 3, 4]) == 1.75
    assert lower_quartile([7]) == 7


@pytest.mark.parametrize(
    ("first", "again", "verdict"),
    [
        (1.05, None, "unchanged"),
        (1.2, 1.2, "regression"),
        (0.8, 0.8, "improvement"),
        # Fresh processes do not repeat it.
        (1.2, 1.0, "unchanged"),
        (1.2, 0.8, "unstable"),
        # There was no time to repeat it.
        (1.2, None, "unstable"),
    ],
)
def test_a_change_counts_if_fresh_processes_repeat_it(
    first: float, again: float | None, verdict: str
) -> None:
    repeated = None if again is None else scaled(again)
    assert decide(Evidence(scaled(first), repeated), 0.1) == verdict


def test_a_few_slow_processes_change_nothing() -> None:
    disturbed = Sample(STEADY * 2, [*STEADY, 1.0, 3.0, 2.5, 1.01, 4.0])
    assert disturbed.ratio == pytest.approx(1.0, abs=0.01)
    assert disturbed.is_clearly_unchanged(0.1)


def test_two_samples_that_agree_by_chance_are_no_regression() -> None:
    # As beside a busy neighbor: some processes of each side are undisturbed.
    first = Sample([1.0, 1.6, 1.0, 2.0, 1.7], [1.6, 1.0, 1.7, 1.7, 2.0])
    assert first.changed(0.1) == 1
    assert decide(Evidence(first, first), 0.1) == "unstable"


def test_a_change_counts_on_a_busy_machine_only_if_it_is_far_beyond_the_noise() -> None:
    times = [1.0, 1.1, 1.2, 1.0, 1.3, 1.1, 1.05]
    slower, much = ([t * by for t in times] for by in (1.3, 3.0))
    evidence = Evidence(Sample(times, slower), Sample(times, slower))
    assert decide(evidence, 0.1, floor=0.1) == "regression"
    assert decide(evidence, 0.1, floor=0.5) == "unstable"
    evidence = Evidence(Sample(times, much), Sample(times, much))
    assert decide(evidence, 0.1, floor=0.5) == "regression"
    # A benchmark that hardly varies is judged whatever the others do.
    assert decide(Evidence(scaled(1.2), scaled(1.2)), 0.1, floor=0.5) == "regression"


def test_the_interval_holds_the_ratio_and_is_the_same_each_time() -> None:
    known = interval(scaled(1.3))
    assert known == interval(scaled(1.3))
    assert 1.27 <= known.low <= 1.3 <= known.high <= 1.33
    assert decide(Evidence(Sample([1, 2, 3, 4], [1, 3, 2, 4])), 0.1) == "unstable"


def test_probabilities_are_those_of_known_examples() -> None:
    # Values of scipy.stats.mannwhitneyu(method="asymptotic").
    apart, tied = Sample([1, 2, 3, 4], [5, 6, 7, 8]), Sample([1, 1, 2, 3], [2, 3, 3, 4])
    assert rank_sum_p(apart) == pytest.approx(0.03038282)
    assert rank_sum_p(tied) == pytest.approx(0.13416918)
    assert rank_sum_p(Sample([1, 1], [1, 1])) == 1.0
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


@pytest.mark.heavy
@pytest.mark.parametrize("noise", ["shared", "bad"])
def test_identical_code_stays_green_and_slow_code_is_found(noise: str) -> None:
    quiet = NOISES[noise]
    assert share_of_red_suites(quiet, ours, 6) == 0
    assert share_of_red(quiet, ours, 1.3, 60) >= 0.97
    assert share_of_red(quiet, ours, {"shared": 1.15, "bad": 1.2}[noise], 60) >= 0.85
    # On a machine with more work than cores there is no verdict.
    assert share_of_red_suites(NOISES["crowd"], ours, 6) == 0
    # The same noise turns the usual rule red.
    assert share_of_red_suites(quiet, mean_of_two_runs, 3) == 1
