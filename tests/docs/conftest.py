"""Fixtures of the tests of the documentation."""

from __future__ import annotations

import pytest

from tests.support.documentation_scenes import Workshop


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """Releases and projects that the documented commands work on."""
    return Workshop(tmp_path_factory.mktemp("documentation"))
