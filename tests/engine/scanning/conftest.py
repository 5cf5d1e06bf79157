"""Fixtures of the tests of the scan."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.conftest import make_project, project
from tests.support.scanning import CLEAN, Repository

__all__ = ["make_project", "project"]


@pytest.fixture
def repository(
    tmp_path: Path, shared_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> Repository:
    """A repository in which no scanner finds anything."""
    root = tmp_path / "demo"
    programs = tmp_path / "programs"
    programs.mkdir()
    cache = shared_directory / "kingfisher"
    cache.mkdir(exist_ok=True)
    made = Repository(root, programs, monkeypatch, cache)
    for name, text in CLEAN.items():
        made.write(name, text)
    return made
