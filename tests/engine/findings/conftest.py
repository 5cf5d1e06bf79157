"""Fixtures of the tests of findings."""

from __future__ import annotations

import pytest

from tests.support.baselines import KNOWN
from tests.support.projects import (
    DemoProject,
)


@pytest.fixture
def legacy(project: DemoProject) -> DemoProject:
    """A project with one old finding of lint in a file of its own."""
    project.configure("[tool.ruff.lint]\nselect = ['E711']\n")
    project.write("src/demo/old.py", KNOWN)
    return project
