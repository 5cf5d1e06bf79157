"""Fixtures of the tests of the engine."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.projects import ENGINE, DemoProject

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


@pytest.fixture
def own_engine(tmp_path: Path) -> Path:
    """A copy of the engine, to change it."""
    directory = tmp_path / "engine"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ENGINE / "ci_engine", directory / "ci_engine", ignore=ignored)
    return directory
