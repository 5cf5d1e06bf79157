"""Every check has a tier."""

from __future__ import annotations

from pathlib import Path

from ci_engine.checks import CHECKS
from ci_engine.configuration.loading import load_configuration
from ci_engine.configuration.settings import BUILT_IN_CHECKS


def test_every_check_has_a_tier_and_a_timeout_and_nothing_else_has(
    tmp_path: Path,
) -> None:
    settings = load_configuration(tmp_path, {}).settings
    assert set(settings.checks) == set(CHECKS) == set(BUILT_IN_CHECKS)
