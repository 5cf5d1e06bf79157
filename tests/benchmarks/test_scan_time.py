"""The measurement of a scan against its slowest scanner."""

from __future__ import annotations

from tests.benchmarks.scan_time import Timing, describe


def test_the_ratio_is_that_to_the_slowest_scanner_of_the_same_run() -> None:
    timing = Timing(12.0, {"bandit": 10.0, "kingfisher": 4.0})
    assert (timing.slowest, timing.ratio) == ("bandit", 1.2)
    text = describe([timing, Timing(9.0, {"bandit": 9.0})])
    assert "| kingfisher | 2.0 |" in text
    assert "takes 1.10 times as long" in text
