from collections.abc import Callable

import pytest

from my_project.spans import merge


@pytest.mark.parametrize("count", [100, 10_000])
def test_merging_spans(benchmark: Callable[..., object], count: int) -> None:
    # The same in each run: in no order, and every second span touches the one before.
    numbers = [7 * number % count for number in range(count)]
    spans = [(3 * n - n % 2, 3 * n - n % 2 + 1) for n in numbers]
    merged = benchmark(merge, spans)
    assert merged == [(6 * n, 6 * n + 3) for n in range(count // 2)]
