"""Spans of whole numbers, given as a first and a last number."""

from collections.abc import Iterable

__all__ = ["merge"]


def merge(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join the spans that overlap or touch.

    Args:
        spans: Pairs of a first and a last number, in any order.

    Returns:
        The fewest spans that cover the same numbers, sorted.

    Raises:
        ValueError: If a span ends before it starts.
    """
    merged: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if last < first:
            message = f"the span {first} to {last} ends before it starts"
            raise ValueError(message)
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged
