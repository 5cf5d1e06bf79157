"""Renders that the tests of renders share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.rendered import Point, render_points


@pytest.fixture(scope="session")
def all_points(template: Path, shared_directory: Path) -> list[Point]:
    """Every combination of answers with its render; not to be written to."""
    return render_points(template, shared_directory)
