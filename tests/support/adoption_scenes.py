"""Existing repositories, and runs of the companion on them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from ci_framework.cli import main
from ci_framework.planning.build import BuiltPlan, PlanRequest, build_plan
from ci_framework.repository import open_repository
from tests.support.adoptable_repositories import make_repository
from tests.support.programs import run

# A small project with a workflow of its own, hooks, and comments to lose.
PROJECT: Mapping[str, str | bytes] = {
    "pyproject.toml": """\
# The project's own words.
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "shapes"
version = "1.0"
requires-python = ">=3.10"  # until the servers are renewed
dependencies = []

[tool.ruff]
line-length = 100
# ends with a comment
""",
    ".gitignore": "*.pyc\n",
    ".pre-commit-config.yaml": """\
# Our hooks.
repos:
- repo: https://example.org/hooks
  rev: "1"
  hooks:
  - id: tidy
# the end
""",
    ".github/workflows/tests.yml": """\
name: Tests
on: [push]
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: pytest -m "not slow" tests
""",
    "README.md": "# shapes\n",
    "src/shapes/__init__.py": '"""Shapes."""\n',
    "tests/test_shapes.py": "def test_shapes():\n    import shapes\n",
}


def make_project(
    path: Path, files: Mapping[str, str | bytes] | None = None, **more: str | bytes
) -> Path:
    """Make the project, or another one, with more files by ``name=content``."""
    return make_repository(path, {**(files or PROJECT), **more})


def plan(
    path: Path, releases: Path, *, ref: str = "v2.0.0", **answers: object
) -> BuiltPlan:
    """Plan an adoption of a release."""
    request = PlanRequest(template=str(releases), ref=ref, answers=answers)
    return build_plan(open_repository(path), request)


class Companion:
    """The command line, in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Use the output that pytest captures."""
        self._capsys = capsys

    def run(self, *words: str | Path, code: int = 0) -> str:
        """Run a command that has to exit with this code; its output, all of it."""
        found = main([str(word) for word in words])
        captured = self._capsys.readouterr()
        text = captured.out + captured.err
        assert found == code, f"exit code {found}\n{text}"
        assert "Traceback" not in text
        return text

    def json(self, *words: str | Path, code: int = 0) -> dict[str, Any]:
        """Run a command with --json and read what it prints."""
        found = main([*(str(word) for word in words), "--json"])
        captured = self._capsys.readouterr()
        assert found == code, f"exit code {found}\n{captured.out}\n{captured.err}"
        return cast("dict[str, Any]", json.loads(captured.out))


def status_of(path: Path) -> str:
    """The output of `git status`, empty if the work tree is clean."""
    return run("git", "status", "--porcelain", cwd=path)
