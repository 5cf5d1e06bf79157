"""Fixtures of the tests of the documentation."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import cast

import pytest

from ci_engine.processes.file_lock import file_lock
from tests.support.documentation_scenes import Workshop
from tests.support.renders import ROOT, Document


@pytest.fixture(scope="session")
def workshop(
    tmp_path_factory: pytest.TempPathFactory, shared_directory: Path
) -> Workshop:
    """Releases and projects that the documented commands work on."""
    own = tmp_path_factory.mktemp("documentation")
    return Workshop(own, shared_directory / "documentation")


@pytest.fixture(scope="session")
def site(shared_directory: Path) -> Path:
    """The pages, built once by `ci docs check` without findings."""
    checked = shared_directory / "site-checked"
    with file_lock(shared_directory / "site.lock"):
        if not checked.exists():
            _check_site()
            checked.touch()
    return ROOT / ".ci-framework" / "docs" / "site"


def _check_site() -> None:
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
