"""Fixtures of the tests of fleets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.adoption_scenes import Companion
from tests.support.fleets import list_of


@pytest.fixture
def companion(capsys: pytest.CaptureFixture[str]) -> Companion:
    return Companion(capsys)


@pytest.fixture
def listing(tmp_path: Path) -> Path:
    """A list of three repositories, which need not exist: commands are faked."""
    return list_of(tmp_path, "one", "two", "three")
