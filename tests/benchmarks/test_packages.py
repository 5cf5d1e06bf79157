"""A large monorepo is analyzed within seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.packages import NEEDS, large_monorepo, measure


@pytest.mark.heavy
def test_300_packages_with_10_000_files_take_less_than_10_seconds(
    tmp_path: Path,
) -> None:
    seconds, graph = measure(large_monorepo(tmp_path, 300, 10_000))
    assert len(graph.packages) == 300
    assert all(len(p.depends_on) == NEEDS for p in graph.packages[NEEDS:])
    kinds = {other.kind for package in graph.packages for other in package.depends_on}
    assert kinds == {"runtime", "import"}
    assert seconds < 10
