"""Run one of several shards of the tests.

Each shard collects all tests and divides them in the same way, so that together they
run every test once. The tests of a class stay together, and so do the parameters
of a test, because their ids may differ between machines.
"""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Generator, Iterable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import cast

import pytest

_SHARD_VARIABLE = "CI_ENGINE_PYTEST_SHARD"
# The fixed cost of a test, so that many quick tests add up.
_OVERHEAD = 0.01
# The ids of these types show their values: they are the same on every machine.
_PLAIN = (str, bytes, int, float, complex, type(None), Enum, type)


class Shard:
    """Keeps the tests of one shard.

    Attributes:
        here: what this shard runs: tests, or groups of tests that stay together.
        elsewhere: what the other shards run.
        left: the ids of the tests in other shards.
        usual: the assumed seconds of a test without a recorded duration.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        plan = json.loads(Path(file).read_text(encoding="utf-8"))
        self.index: int = plan["index"]
        self.count: int = plan["count"]
        self.seconds: dict[str, float] = plan["seconds"]
        self.usual = 1.0
        self.here: list[str] = []
        self.elsewhere: list[str] = []
        self.left: dict[str, None] = {}

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> Generator[None]:
        """Keep one shard of the selected tests, in their order."""
        yield
        units: dict[str, list[pytest.Item]] = {}
        known = [self.seconds[i.nodeid] for i in items if i.nodeid in self.seconds]
        # Removed tests do not help to estimate new ones, and slow ones not much.
        self.usual = statistics.median(known) if known else 1.0
        for item in items:
            units.setdefault(_unit_of(item), []).append(item)
        units = self._without_large_ones(units)
        weights = {name: self._weigh(found) for name, found in units.items()}
        chosen = divide(weights, self.count)
        self.here = [name for name in units if chosen[name] == self.index - 1]
        self.elsewhere = [name for name in units if chosen[name] != self.index - 1]
        others = {id(item) for name in self.elsewhere for item in units[name]}
        left = [item for item in items if id(item) in others]
        items[:] = [item for item in items if id(item) not in others]
        self.left = dict.fromkeys(item.nodeid for item in left)
        if left:
            config.hook.pytest_deselected(items=left)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: object) -> None:
        """Pass the shard to the workers of pytest-xdist."""
        sent: dict[str, object] = getattr(node, "workerinput", {})
        sent[_SHARD_VARIABLE] = self.file

    def _weigh(self, items: Sequence[pytest.Item]) -> float:
        names = [item.nodeid for item in items]
        known = [self.seconds[name] for name in names if name in self.seconds]
        return sum(known) + self.usual * (len(names) - len(known)) + _OVERHEAD

    def _without_large_ones(
        self, units: Mapping[str, list[pytest.Item]]
    ) -> dict[str, list[pytest.Item]]:
        """Divide a test whose parameters take longer than a shard should.

        Only if each of them has a recorded duration for its id.
        """
        weights = {name: self._weigh(found) for name, found in units.items()}
        share = sum(weights.values()) / self.count
        divided: dict[str, list[pytest.Item]] = {}
        for name, found in units.items():
            if weights[name] <= share or not self._may_be_divided(found):
                divided[name] = found
                continue
            for item in found:
                divided.setdefault(item.nodeid, []).append(item)
        return divided

    def _may_be_divided(self, items: Iterable[pytest.Item]) -> bool:
        return all(
            item.nodeid in self.seconds and _class_of(item) is None and _is_plain(item)
            for item in items
        )


def divide(weights: Mapping[str, float], count: int) -> dict[str, int]:
    """Assign each name to a shard, the slowest first.

    Returns:
        The index of a shard for each name: the same on every machine.
    """
    loads = [0.0] * count
    chosen: dict[str, int] = {}
    for name, weight in sorted(weights.items(), key=lambda unit: (-unit[1], unit[0])):
        lightest = min(range(count), key=loads.__getitem__)
        loads[lightest] += weight
        chosen[name] = lightest
    return chosen


def _unit_of(item: pytest.Item) -> str:
    """A stable name of the unit that an item belongs to."""
    group = _class_of(item)
    if group is not None:
        return group.nodeid
    name: object = getattr(item, "originalname", None)
    if isinstance(name, str) and item.parent is not None:
        return f"{item.parent.nodeid}::{name}"
    return item.nodeid


def _class_of(item: pytest.Item) -> pytest.Class | None:
    """The outermost class that a test is in."""
    found = (node for node in item.listchain() if isinstance(node, pytest.Class))
    return next(found, None)


def _is_plain(item: pytest.Item) -> bool:
    parameters: object = getattr(getattr(item, "callspec", None), "params", None)
    values = cast("dict[str, object]", parameters or {}).values()
    return bool(values) and all(isinstance(value, _PLAIN) for value in values)


def prepare(config: pytest.Config, _writer: object) -> str:
    """Register the shard and return a note about it."""
    received: dict[str, str] = getattr(config, "workerinput", {})
    # Removed, so that a pytest started by a test runs all of its tests.
    file = os.environ.pop(_SHARD_VARIABLE, received.get(_SHARD_VARIABLE, ""))
    if not file:
        return ""
    shard = Shard(file)
    config.pluginmanager.register(shard, "ci-framework-shard")
    known = len(shard.seconds)
    by = f"{known} recorded durations" if known else "their number: none was recorded"
    return f"shard {shard.index} of {shard.count}: the tests are divided by {by}"
