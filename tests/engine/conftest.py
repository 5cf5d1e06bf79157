"""Fixtures of the tests of the engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.projects import DemoProject

MakeProject = Callable[[Path], DemoProject]


@pytest.fixture
def make_project() -> MakeProject:
    def make(root: Path) -> DemoProject:
        root.mkdir(parents=True, exist_ok=True)
        return DemoProject(root)

    return make


@pytest.fixture
def project(tmp_path: Path, make_project: MakeProject) -> DemoProject:
    return make_project(tmp_path / "demo")
