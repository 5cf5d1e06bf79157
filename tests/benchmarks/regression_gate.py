"""Measure how often ``ci bench`` calls identical code slower, and finds slower code.

``uv run python -m tests.benchmarks.regression_gate`` prints a table. The noise is
simulated, with a seed:

- shared: a hosted runner. Runners differ, but both sides run on one; its speed drifts,
  processes differ by 2 % (some by more), rounds by 5 %, with spikes.
- bad: the same with processes that differ by 5 %.
- neighbor: other load slows 40 % of the processes down, each by up to 80 %.
- crowd: other load slows 80 % of them down, each by up to 120 %.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from ci_engine.benchmarks.decision import Evidence, Sample, decide, noise_floor
from tests.benchmarks.gate_table import print_table

BENCHMARKS = 50
THRESHOLD = 0.10
FIRST, MOST = 5, 10


@dataclass(frozen=True)
class Noise:
    """How much each part of a measurement varies, as a fraction."""

    process: float
    outliers: float = 0.05
    outlier: float = 0.15
    rounds: float = 0.05
    spikes: float = 0.03
    drift: float = 0.02
    disturbed: float = 0.0
    disturbance: float = 0.8


NOISES = {
    "shared": Noise(process=0.02),
    "bad": Noise(process=0.05, outliers=0.1, outlier=0.25, drift=0.05),
    "neighbor": Noise(process=0.02, disturbed=0.4),
    "crowd": Noise(process=0.02, disturbed=0.8, disturbance=1.2),
}


class Runner:
    """A simulated machine that runs processes in turn."""

    def __init__(self, noise: Noise, seed: str, rounds: int = 8) -> None:
        self.noise = noise
        self.draws = random.Random(seed)  # noqa: S311 - repeatable noise, no secret
        self.rounds = rounds
        self.speed = self.draws.gauss(0, noise.process)

    def level(self) -> float:
        """How much slower a process is, as a logarithm."""
        noise, draws = self.noise, self.draws
        # The speed of the machine drifts away, and returns.
        self.speed = 0.8 * self.speed + 0.6 * draws.gauss(0, noise.drift)
        level = self.speed + draws.gauss(0, noise.process)
        if draws.random() < noise.outliers:
            level += abs(draws.gauss(0, noise.outlier))
        if draws.random() < noise.disturbed:
            level += draws.uniform(0, noise.disturbance)
        return level

    def process(self, factor: float) -> float:
        """The fastest round of one process, whose code takes a factor longer."""
        level = self.level()
        rounds = [self.draws.gauss(0, self.noise.rounds) for _ in range(self.rounds)]
        return factor * math.exp(level + min(rounds))

    def pairs(self, number: int, factor: float) -> Sample:
        """Processes of both sides in the order base, head, head, base."""
        base: list[float] = []
        head: list[float] = []
        for position in range(number):
            sides = [(base, 1.0), (head, factor)]
            for times, share in sides[:: -1 if position % 2 else 1]:
                times.append(self.process(share))
        return Sample(base, head)


Rule = Callable[[Runner, float], bool]


def evidence_of(runner: Runner, factor: float) -> Evidence:
    """What a quick run measures of one benchmark."""
    sample = runner.pairs(FIRST, factor)
    if not sample.is_clearly_unchanged(THRESHOLD):
        more = runner.pairs(MOST - FIRST, factor)
        sample = Sample((*sample.base, *more.base), (*sample.head, *more.head))
    again = runner.pairs(MOST, factor) if sample.changed(THRESHOLD) else None
    return Evidence(sample, again)


@cache
def usual_floor(noise: Noise) -> float:
    """The noise floor of a suite whose other benchmarks did not change."""
    runners = (Runner(noise, f"floor {number}") for number in range(25))
    return noise_floor(evidence_of(each, 1.0).interval for each in runners) or 0.0


def ours(runner: Runner, factor: float) -> bool:
    """Whether ``ci bench`` reports a regression."""
    evidence = evidence_of(runner, factor)
    if evidence.again is None:
        return False
    return decide(evidence, THRESHOLD, usual_floor(runner.noise)) == "regression"


def mean_of_two_runs(runner: Runner, factor: float) -> bool:
    """The rule of most tools: the means of two runs, one after the other."""
    noise, draws = runner.noise, runner.draws

    def run(share: float) -> float:
        low = runner.process(share)
        rounds = [
            low
            * math.exp(abs(draws.gauss(0, noise.rounds)))
            * (1 + 2 * draws.random() * (draws.random() < noise.spikes))
            for _ in range(30)
        ]
        return sum(rounds) / len(rounds)

    return run(factor) / run(1.0) > 1 + THRESHOLD


RULES: dict[str, Rule] = {"ci bench": ours, "mean of two runs": mean_of_two_runs}


def share_of_red(noise: Noise, rule: Rule, factor: float, number: int) -> float:
    """How many of some benchmarks are called slower."""
    runs = (rule(Runner(noise, f"{factor} {n}"), factor) for n in range(number))
    return sum(runs) / number


def share_of_red_suites(noise: Noise, rule: Rule, number: int) -> float:
    """How many suites of identical code have at least one benchmark called slower."""
    red = sum(
        any(
            rule(Runner(noise, f"suite {suite} {benchmark}"), 1.0)
            for benchmark in range(BENCHMARKS)
        )
        for suite in range(number)
    )
    return red / number


def main() -> None:
    """Print the table."""
    print_table(
        "Measure the rule of ci bench.",
        [(noise, rule) for noise in NOISES for rule in RULES],
        lambda noise, rule, number: share_of_red_suites(
            NOISES[noise], RULES[rule], number
        ),
        lambda noise, rule, change, number: share_of_red(
            NOISES[noise], RULES[rule], change, number
        ),
        (2000, 200),
    )


if __name__ == "__main__":
    main()
