"""The project's own tools, however strict, do not see the framework's code."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.programs import run, tool
from tests.support.renders import render_once

STRICT = """\
[tool.ruff]
line-length = 79
[tool.ruff.lint]
select = ["ALL", "CPY001"]
ignore = ["D203", "D213", "INP001"]
preview = true
explicit-preview-rules = true
[tool.ruff.format]
quote-style = "single"
indent-style = "tab"
[tool.pytest.ini_options]
addopts = ["--doctest-modules", "--strict-config"]
"""
SINGLE = "lint.flake8-quotes.inline-quotes = 'single'"
OWN = '# Copyright 2026 One\n"""One.\n\n>>> ONE\n1\n"""\n\nONE = 1\n'


@pytest.fixture
def project(template: Path, shared_directory: Path, tmp_path: Path) -> Path:
    """An adopted project with one module and strict rules."""
    answers = {"project_state": "existing", "source_paths": ["."], "test_paths": []}
    render = render_once(template, shared_directory / "invisible", answers)
    shutil.copytree(render / "ci-framework", tmp_path / "ci-framework")
    (tmp_path / "pyproject.toml").write_text(STRICT)
    (tmp_path / "one.py").write_text(OWN)
    # Its name is that of the framework's own file.
    (tmp_path / "tests").mkdir()
    own = '# Copyright 2026 One\n"""Tests."""\n'
    (tmp_path / "tests" / "conftest.py").write_text(own)
    return tmp_path


def test_strict_rules_of_ruff_are_about_the_projects_own_code(project: Path) -> None:
    script = "ci-framework/scripts/package-detection.py"
    assert files_of_ruff(project) == [script, "one.py", "tests/conftest.py"]
    run(tool("ruff"), "check", "--no-cache", ".", cwd=project)
    run(tool("ruff"), "check", "--no-cache", "--config", SINGLE, ".", cwd=project)
    run(tool("ruff"), "format", "--check", "--no-cache", ".", cwd=project)


def files_of_ruff(project: Path) -> list[str]:
    found = run(tool("ruff"), "check", "--show-files", ".", cwd=project).splitlines()
    names = [Path(line).relative_to(project).as_posix() for line in found]
    return sorted(name for name in names if name.endswith(".py"))


def test_the_projects_own_files_beside_the_engine_are_its_own(project: Path) -> None:
    """Nothing but the engine is hidden: ci-framework/project is the project's."""
    location = project / "ci-framework" / "project"
    location.mkdir()
    (location / "own.py").write_text("import os\n")
    assert "ci-framework/project/own.py" in files_of_ruff(project)


@pytest.mark.heavy
def test_doctests_of_modules_are_those_of_the_projects_own(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
