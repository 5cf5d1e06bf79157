"""Fixtures of the tests of the launcher."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.engine.conftest import make_project, project
from tests.support.launching import LaunchedProject, make_template

__all__ = ["make_project", "project"]


@dataclass(frozen=True)
class Template:
    """A repository with an engine in its only commit."""

    root: Path
    commit: str


@pytest.fixture(scope="session")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter without any package."""
    prefix = tmp_path_factory.mktemp("bare") / "venv"
    command = [sys.executable, "-m", "venv", "--without-pip", str(prefix)]
    subprocess.run(command, check=True)
    return prefix / "bin" / "python"


@pytest.fixture(scope="session")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """A template that no test may change."""
    root = tmp_path_factory.mktemp("origin") / "template"
    return Template(root, make_template(root))


@pytest.fixture(scope="session")
def whole_origin(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """A template with the real engine, which no test may change."""
    root = tmp_path_factory.mktemp("whole") / "template"
    return Template(root, make_template(root, "whole"))


@pytest.fixture
def launched(tmp_path: Path, bare_python: Path, origin: Template) -> LaunchedProject:
    """A project that pins the engine of the template."""
    made = LaunchedProject(tmp_path / "launched", bare_python)
    made.pin(origin.commit, origin.root)
    return made
