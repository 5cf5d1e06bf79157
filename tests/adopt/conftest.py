"""A template with two releases, for adoptions and the updates after them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.update.repositories import make_releases


@pytest.fixture(scope="session")
def git_identity() -> Iterator[None]:
    """Commit as nobody in particular, whatever the machine is set up for."""
    with pytest.MonkeyPatch.context() as patch:
        for role in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{role}_NAME", "Test")
            patch.setenv(f"GIT_{role}_EMAIL", "test@example.org")
        yield


@pytest.fixture(scope="session")
def releases(tmp_path_factory: pytest.TempPathFactory, git_identity: None) -> Path:
    """v2.0.0 and v2.1.0, with the few modules of the engine that differ."""
    return make_releases(tmp_path_factory.mktemp("releases"))


@pytest.fixture(scope="session")
def whole_releases(
    tmp_path_factory: pytest.TempPathFactory, git_identity: None
) -> Path:
    """The same with the whole engine, which a validation runs."""
    return make_releases(tmp_path_factory.mktemp("whole-releases"), whole=True)
