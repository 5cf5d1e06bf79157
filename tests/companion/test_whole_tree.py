"""Checks that look at the whole tree find nothing in the framework's files."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.programs import tool
from tests.support.renders import render_once

OWN = '"""One."""\n\nONE: int = 1\n'
WHOLE_TREE = ["mypy .", "pyright", "bandit -q -r .", "black --check .", "codespell"]


@pytest.fixture
def adopted(template: Path, shared_directory: Path, tmp_path: Path) -> Path:
    """A project with one module and the framework's files."""
    answers = {"project_state": "existing", "source_paths": ["."], "test_paths": []}
    render = render_once(template, shared_directory / "whole-tree", answers)
    shutil.copytree(render / "ci-framework", tmp_path / "adopted" / "ci-framework")
    (tmp_path / "adopted" / "one.py").write_text(OWN)
    return tmp_path / "adopted"


@pytest.mark.heavy
@pytest.mark.parametrize("command", WHOLE_TREE)
def test_whole_tree_checks_of_a_project_find_nothing_in_our_files(
    adopted: Path, command: str
) -> None:
    words = command.split()
    if words[0] == "mypy":
        words.append("--no-site-packages")
    assert "ci-framework" not in look(adopted, words)


def look(project: Path, words: list[str]) -> str:
    """The output of a tool for a project."""
    done = subprocess.run(
        [tool(words[0]), *words[1:]],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    return f"{done.stdout}\n{done.stderr}".replace(str(project), "")
