"""On the same launches, ``ci bench`` judges better than the rules of other tools."""

from __future__ import annotations

import pytest

from tests.benchmarks.gate_rules import (
    RULES,
    exact_p,
    launches,
    share_found,
    share_of_red_suites,
)

OTHERS = [rule for rule in RULES if rule != "ci bench"]


def test_orders_as_rare_as_these_are_counted() -> None:
    # One in each direction, of 20; seven in each direction, of 70.
    assert exact_p([1, 2, 3], [4, 5, 6]) == pytest.approx(2 / 20)
    assert exact_p([1, 2, 3, 7], [4, 5, 6, 8]) == pytest.approx(14 / 70)


def test_an_experiment_is_the_same_each_time_and_as_slow_as_said() -> None:
    given = launches("shared", "one", 2.0)
    assert given == launches("shared", "one", 2.0)
    assert len(given.base) == len(given.head) == 20
    assert given.sample(0, 20).ratio == pytest.approx(2.0, rel=0.05)


@pytest.mark.heavy
@pytest.mark.parametrize(("noise", "change"), [("shared", 1.15), ("bad", 1.2)])
def test_no_other_rule_is_as_quiet_and_finds_as_much(noise: str, change: float) -> None:
    red, found = {}, {}
    for rule in RULES:
        red[rule] = share_of_red_suites(noise, rule, 8)
        found[rule] = share_found(noise, rule, change, 100)
    assert red["ci bench"] == 0
    assert found["ci bench"] >= 0.9
    for rule in OTHERS:
        assert red[rule] > 0 or found[rule] < 0.8, rule
