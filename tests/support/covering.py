"""Choose few combinations of answers that hold every pair of values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

# A value is named by the position of its factor and its position in the factor.
Value = tuple[int, int]
Pair = tuple[Value, Value]


def pairwise(factors: Mapping[str, Sequence[object]]) -> list[dict[str, object]]:
    """Build a covering array of strength two, greedily and always the same.

    Args:
        factors: the values of each answer.

    Returns:
        Combinations in which each pair of values of two answers occurs.
    """
    sizes = [len(values) for values in factors.values()]
    missing = _all_pairs(sizes)
    rows: list[list[int]] = []
    while missing:
        row = _next_row(sizes, missing)
        missing -= _pairs(row)
        rows.append(row)
    return [
        {
            name: values[position]
            for (name, values), position in zip(factors.items(), row, strict=True)
        }
        for row in rows
    ]


def pairs_of(
    point: Mapping[str, object],
) -> set[tuple[tuple[str, str], tuple[str, str]]]:
    """List the pairs of values in one combination."""
    values = [(name, repr(value)) for name, value in point.items()]
    return set(combinations(values, 2))


def _all_pairs(sizes: Sequence[int]) -> set[Pair]:
    return {
        ((one, first), (other, second))
        for one, other in combinations(range(len(sizes)), 2)
        for first in range(sizes[one])
        for second in range(sizes[other])
    }


def _pairs(row: Sequence[int]) -> set[Pair]:
    return set(combinations(enumerate(row), 2))


def _next_row(sizes: Sequence[int], missing: set[Pair]) -> list[int]:
    """Start from one missing pair, add values that bring most missing pairs."""
    chosen: dict[int, int] = dict(min(missing))
    for factor in sorted(range(len(sizes)), key=lambda factor: -sizes[factor]):
        if factor in chosen:
            continue
        gains = [
            sum(_ordered((factor, value), known) in missing for known in chosen.items())
            for value in range(sizes[factor])
        ]
        best = max(gains)
        # Rows without any preference spread over the values.
        candidates = [value for value, gain in enumerate(gains) if gain == best]
        chosen[factor] = candidates[len(missing) % len(candidates)]
    return [chosen[factor] for factor in range(len(sizes))]


def _ordered(one: Value, other: Value) -> Pair:
    return (one, other) if one < other else (other, one)
