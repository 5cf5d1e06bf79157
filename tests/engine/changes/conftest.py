"""Fixtures of the tests of changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.histories import Repository
from tests.support.projects import clean_environment


@pytest.fixture(autouse=True)
def _own_git(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the user's configuration of git out, and name an author."""
    for name, value in clean_environment().items():
        monkeypatch.setenv(name, value)
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Test")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "test@example.org")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "work")
