"""Fixtures of the tests of the documentation."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import cast

import pytest

from tests.support.documentation_scenes import Workshop
from tests.support.renders import ROOT, Document


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """Releases and projects that the documented commands work on."""
    return Workshop(tmp_path_factory.mktemp("documentation"))


@pytest.fixture(scope="session")
def site() -> Path:
    """The pages, which `ci docs check` has built and found nothing in."""
    done = subprocess.run(
        [ROOT / "ci", "docs", "check", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    checks = cast("Document", json.loads(done.stdout))["checks"]
    assert not [finding for check in checks for finding in check["findings"]]
    return ROOT / ".ci-framework" / "docs" / "site"
