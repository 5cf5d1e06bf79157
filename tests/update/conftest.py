"""A template with two releases, made once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.template_releases import make_releases


@pytest.fixture(scope="session", autouse=True)
def git_identity() -> Iterator[None]:
    """Commit as nobody in particular, whatever the machine is set up for."""
    with pytest.MonkeyPatch.context() as patch:
        for role in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{role}_NAME", "Test")
            patch.setenv(f"GIT_{role}_EMAIL", "test@example.org")
        patch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        yield


@pytest.fixture(scope="session")
def releases(tmp_path_factory: pytest.TempPathFactory, git_identity: None) -> Path:
    return make_releases(tmp_path_factory.mktemp("releases"))


@pytest.fixture(scope="session")
def whole_releases(releases: Path) -> Path:
    return releases
