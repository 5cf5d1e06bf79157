"""Many changed files cost little more than one: the graph is built once for all."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.benchmarks.graph import change, select, write_repository


@pytest.mark.heavy
def test_250_changed_files_cost_less_than_twice_as_much_as_one(tmp_path: Path) -> None:
    write_repository(tmp_path, 600, 6)

    def seconds(number: int) -> float:
        changes = change(tmp_path, number)
        started = time.process_time()
        found = select(tmp_path, changes)
        assert found.total > 150
        assert found.chains
        return time.process_time() - started

    seconds(1)
    one, many = seconds(1), seconds(250)
    assert many < 2 * one
