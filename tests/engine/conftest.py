"""Fixtures of the tests of the engine."""

from __future__ import annotations

import compileall
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.projects import ENGINE, DemoProject

MakeProject = Callable[[Path], DemoProject]


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The engine, compiled once: projects link to it instead of compiling it."""
    copy = tmp_path_factory.mktemp("engine") / "ci-framework"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ENGINE, copy, ignore=ignored)
    compileall.compile_dir(str(copy), quiet=1)
    return copy


@pytest.fixture
def make_project(engine: Path) -> MakeProject:
    def make(root: Path) -> DemoProject:
        root.mkdir(parents=True, exist_ok=True)
        return DemoProject(root, engine)

    return make


@pytest.fixture
def project(tmp_path: Path, make_project: MakeProject) -> DemoProject:
    return make_project(tmp_path / "demo")
