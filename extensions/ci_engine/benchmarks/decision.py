"""Decide from times whether a benchmark became slower, with pure functions.

Every process gives one time, its fastest round. On shared machines other load only
ever adds time, and often to a whole process. So the lower quartile of these minima
measures the cost of the code, and a change counts only if fresh processes repeat it.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from statistics import median
from typing import Literal

Times = Sequence[float]
Verdict = Literal["regression", "improvement", "unchanged", "unstable"]
_CONFIDENCE = 0.95
_RESAMPLES = 500
# Within this share of the threshold, few processes are enough to rule out a change.
_CLEARLY_WITHIN = 0.5


@dataclass(frozen=True)
class Sample:
    """The times of one benchmark in processes that ran alternately."""

    base: Times
    head: Times

    @property
    def ratio(self) -> float:
        """The head relative to the base: 1.1 is 10 % slower."""
        return lower_quartile(self.head) / lower_quartile(self.base)

    def changed(self, threshold: float) -> int:
        """1 if the head is slower by more than the threshold, -1 if faster, else 0."""
        limit = 1 + threshold
        return int(self.ratio > limit) - int(self.ratio < 1 / limit)

    def is_clearly_unchanged(self, threshold: float) -> bool:
        """Whether further processes would hardly show a change."""
        within = self.changed(threshold * _CLEARLY_WITHIN) == 0
        return within and interval(self).half_width <= threshold


@dataclass(frozen=True)
class Interval:
    """The interval of the true ratio, with a confidence of 95 %."""

    low: float
    high: float

    @property
    def half_width(self) -> float:
        """The possible error of the measured ratio, as a fraction."""
        return math.sqrt(self.high / self.low) - 1

    def excludes(self, direction: int, threshold: float) -> bool:
        """Whether even its nearer end is beyond a change in a direction."""
        limit = 1 + threshold
        return self.low > limit if direction > 0 else self.high < 1 / limit


def lower_quartile(times: Times) -> float:
    """The first quartile, interpolated between the two nearest times."""
    ordered = sorted(times)
    position = (len(ordered) - 1) / 4
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


@dataclass(frozen=True)
class Evidence:
    """All times of a benchmark that both sides have.

    Attributes:
        first: the processes for the first decision.
        again: fresh processes, if the first ones showed a change.
    """

    first: Sample
    again: Sample | None = None

    @cached_property
    def every(self) -> Sample:
        """All processes."""
        first, again = self.first, self.again
        if again is None:
            return first
        return Sample((*first.base, *again.base), (*first.head, *again.head))

    @cached_property
    def interval(self) -> Interval:
        """The interval of the true ratio, from all processes."""
        return interval(self.every)


def noise_floor(intervals: Iterable[Interval]) -> float | None:
    """The possible error of a measured ratio, in the median benchmark of a run."""
    widths = [each.half_width for each in intervals]
    return median(widths) if widths else None


def margin_of(known: Interval, threshold: float, floor: float) -> float:
    """The minimum distance between no change and the nearer end of an interval.

    On a machine with more work than cores, two samples agree by chance more often. Then
    most benchmarks of the run vary by more than the threshold, including this one.
    """
    crowded = min(floor - threshold, 2 * known.half_width)
    return max(threshold * _CLEARLY_WITHIN, crowded)


def decide(evidence: Evidence, threshold: float, floor: float = 0.0) -> Verdict:
    """Judge a benchmark.

    Args:
        evidence: its times.
        threshold: the largest accepted change, as a fraction.
        floor: the noise floor of the run.
    """
    again, known = evidence.again, evidence.interval
    change = evidence.first.changed(threshold)
    if change and again is None:
        return "unstable"
    if change and again is not None and again.changed(threshold) == change:
        # In heavy noise two samples may agree by chance.
        if known.excludes(change, margin_of(known, threshold, floor)):
            return "regression" if change > 0 else "improvement"
        return "unstable"
    return "unstable" if known.half_width > threshold else "unchanged"


def interval(sample: Sample) -> Interval:
    """The bootstrap interval of the ratio; whole processes are drawn, never rounds."""
    draws = random.Random(len(sample.base))  # noqa: S311 # nosec B311 - no secret
    base, head = list(sample.base), list(sample.head)
    ratios = sorted(
        lower_quartile(draws.choices(head, k=len(head)))
        / lower_quartile(draws.choices(base, k=len(base)))
        for _ in range(_RESAMPLES)
    )
    outside = round(_RESAMPLES * (1 - _CONFIDENCE) / 2)
    return Interval(ratios[outside], ratios[-1 - outside])


def rank_sum_p(sample: Sample) -> float:
    """The probability of such ranks without a change (Mann-Whitney, two-sided)."""
    base, head = sample.base, sample.head
    ordered = sorted([(time, 0) for time in base] + [(time, 1) for time in head])
    rank_sum, ties, position = 0.0, 0, 0
    for _, group in groupby(ordered, key=lambda pair: pair[0]):
        sides = [side for _, side in group]
        rank_sum += sum(sides) * (position + (len(sides) + 1) / 2)
        ties += len(sides) ** 3 - len(sides)
        position += len(sides)
    expected = len(head) * (position + 1) / 2
    spread = position + 1 - ties / (position * (position - 1))
    deviation = math.sqrt(len(base) * len(head) / 12 * spread) if spread > 0 else 0.0
    if not deviation:
        return 1.0
    distance = max(0.0, abs(rank_sum - expected) - 0.5) / deviation
    return math.erfc(distance / math.sqrt(2))


def holm(probabilities: Sequence[float]) -> list[float]:
    """Adjust for the number of benchmarks (Holm's step-down method)."""
    adjusted = [1.0] * len(probabilities)
    highest = 0.0
    order = sorted(range(len(probabilities)), key=probabilities.__getitem__)
    for position, index in enumerate(order):
        factor = len(probabilities) - position
        highest = max(highest, min(1.0, probabilities[index] * factor))
        adjusted[index] = highest
    return adjusted
