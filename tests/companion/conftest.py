"""A template with two releases, for adoptions and the updates after them."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ci_engine.environments.isolated_tools import IsolatedTool
from ci_framework.planning import always_red, build
from tests.support.programs import tool
from tests.support.shared_renders import render_once
from tests.support.template_releases import make_releases


@contextmanager
def _identity() -> Generator[None]:
    """Commit as nobody in particular, and only here: tests look at who commits."""
    with pytest.MonkeyPatch.context() as patch:
        for role in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{role}_NAME", "Test")
            patch.setenv(f"GIT_{role}_EMAIL", "test@example.org")
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_renders() -> Iterator[None]:
    """Plan with renders that are kept: rendering is most of the time of a plan."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "render", render_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def our_own_ruff() -> Iterator[None]:
    """Count with the ruff of our environment: nothing is installed for a plan."""
    ruff = Path(tool("ruff"))
    found = IsolatedTool("ruff", "", ruff.parent, dict(os.environ))

    def isolated_tool(*_: object) -> IsolatedTool:
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(always_red, "isolated_tool", isolated_tool)
        yield


@pytest.fixture(scope="session")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """v2.0.0 and v2.1.0 of the template, with the engine."""
    with _identity():
        return make_releases(tmp_path_factory.mktemp("releases"))
