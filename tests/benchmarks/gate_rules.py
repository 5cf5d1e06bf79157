"""Compare the rule of ``ci bench`` with those of other tools on the same launches.

``uv run python -m tests.benchmarks.gate_rules`` prints a table. Each experiment has
launches of both sides in the order base, head, head, base, with the simulated noise of
``regression_gate``. Every rule judges as many of these launches as its tool runs:

- pytest-benchmark, ``--benchmark-compare-fail=mean:10%``: the means of one launch each.
- asv continuous: two launches each, five samples of both; the medians differ by the
  factor 1.1, and the rank sums with p < 0.002.
- github-action-benchmark: the mean of one launch against that of a launch on another
  runner, with its default threshold of 200 %, and with one of 110 %.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from statistics import fmean, median

from ci_engine.benchmarks.decision import Evidence, Sample, decide
from tests.benchmarks.gate_table import print_table
from tests.benchmarks.regression_gate import (
    BENCHMARKS,
    FIRST,
    MOST,
    NOISES,
    THRESHOLD,
    Noise,
    Runner,
    usual_floor,
)

ROUNDS = 30
# How much hosted runners differ from each other.
RUNNERS = {"shared": 0.06, "bad": 0.10, "neighbor": 0.06, "crowd": 0.06}
_SHORT_ROUNDS = 8
_ASV_LAUNCHES, _ASV_SAMPLES, _ASV_FACTOR, _ASV_P = 2, 5, 1.1, 0.002
Launch = list[float]


@dataclass(frozen=True)
class Launches:
    """The rounds of every launch of an experiment.

    Attributes:
        base: launches of the base; the first ones for a decision, others to confirm.
        head: the same of the head.
        elsewhere: a launch of the base on another runner.
        floor: the noise floor of a suite with this noise.
    """

    base: list[Launch]
    head: list[Launch]
    elsewhere: Launch
    floor: float

    def sample(self, first: int, last: int) -> Sample:
        """The fastest rounds of some launches, each as short as ours are."""
        base = [min(rounds[:_SHORT_ROUNDS]) for rounds in self.base[first:last]]
        head = [min(rounds[:_SHORT_ROUNDS]) for rounds in self.head[first:last]]
        return Sample(base, head)


def launch(runner: Runner, factor: float) -> Launch:
    """The rounds of one launch of code that takes a factor longer."""
    noise, draws = runner.noise, runner.draws
    level = runner.level()
    return [
        factor
        * math.exp(level + draws.gauss(0, noise.rounds))
        * (1 + 2 * draws.random() * (draws.random() < noise.spikes))
        for _ in range(ROUNDS)
    ]


def launches(name: str, seed: str, factor: float) -> Launches:
    """An experiment: both sides in turn on one runner, and the base on another."""
    noise: Noise = NOISES[name]
    runner = Runner(noise, seed)
    base: list[Launch] = []
    head: list[Launch] = []
    for position in range(2 * MOST):
        sides = [(base, 1.0), (head, factor)]
        for kept, share in sides[:: -1 if position % 2 else 1]:
            kept.append(launch(runner, share))
    other = Runner(noise, f"{seed} elsewhere")
    speed = math.exp(random.Random(f"{seed} runner").gauss(0, RUNNERS[name]))  # noqa: S311
    return Launches(base, head, launch(other, speed), usual_floor(noise))


def ours(given: Launches) -> bool:
    """``ci bench``: the steps of a quick run."""
    sample = given.sample(0, FIRST)
    if not sample.is_clearly_unchanged(THRESHOLD):
        sample = given.sample(0, MOST)
    if not sample.changed(THRESHOLD):
        return False
    evidence = Evidence(sample, given.sample(MOST, 2 * MOST))
    return decide(evidence, THRESHOLD, given.floor) == "regression"


def pytest_benchmark(given: Launches) -> bool:
    """``--benchmark-compare-fail=mean:10%`` of two runs on one runner."""
    return fmean(given.head[0]) > fmean(given.base[0]) * (1 + THRESHOLD)


@cache
def _orders(first: int, second: int, smaller: int) -> int:
    """In how many orders of two samples a number of pairs is the other way round."""
    if smaller < 0:
        return 0
    if not first or not second:
        return int(smaller == 0)
    return _orders(first - 1, second, smaller - second) + _orders(
        first, second - 1, smaller
    )


def exact_p(base: Launch, head: Launch) -> float:
    """The two-sided probability of such ranks, which asv calculates exactly."""
    above = sum(a > b for a in base for b in head)
    extreme = min(above, len(base) * len(head) - above)
    likely = sum(_orders(len(base), len(head), u) for u in range(extreme + 1))
    return min(1.0, 2 * likely / math.comb(len(base) + len(head), len(base)))


def asv_continuous(given: Launches) -> bool:
    """``asv continuous`` with its default factor, after interleaved rounds."""
    base, head = (
        [time for rounds in side[:_ASV_LAUNCHES] for time in rounds[:_ASV_SAMPLES]]
        for side in (given.base, given.head)
    )
    differs = exact_p(base, head) < _ASV_P
    return differs and median(head) > median(base) * _ASV_FACTOR


def github_action_benchmark(threshold: float) -> Callable[[Launches], bool]:
    """The ratio to one earlier result, which came from another runner."""
    return lambda given: fmean(given.head[0]) > fmean(given.elsewhere) * threshold


RULES: dict[str, Callable[[Launches], bool]] = {
    "ci bench": ours,
    "pytest-benchmark, mean:10%": pytest_benchmark,
    "asv continuous": asv_continuous,
    "github-action-benchmark, 200%": github_action_benchmark(2.0),
    "github-action-benchmark, 110%": github_action_benchmark(1.1),
}


@cache
def _verdicts(name: str, seed: str, factor: float) -> dict[str, bool]:
    given = launches(name, seed, factor)
    return {rule: judge(given) for rule, judge in RULES.items()}


def share_found(name: str, rule: str, factor: float, number: int) -> float:
    """How many benchmarks are called slower."""
    found = (_verdicts(name, f"{factor} {n}", factor)[rule] for n in range(number))
    return sum(found) / number


def share_of_red_suites(name: str, rule: str, number: int) -> float:
    """How many suites of identical code have a benchmark that is called slower."""
    red = sum(
        any(_verdicts(name, f"{suite} {n}", 1.0)[rule] for n in range(BENCHMARKS))
        for suite in range(number)
    )
    return red / number


def main() -> None:
    """Print the table."""
    print_table(
        "Compare rules on the same launches.",
        [(noise, rule) for noise in NOISES for rule in RULES],
        share_of_red_suites,
        share_found,
        (1000, 100),
    )


if __name__ == "__main__":
    main()
