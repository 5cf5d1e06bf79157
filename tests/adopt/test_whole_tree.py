"""A check of the project's own that would meet our files is told before it does."""

from __future__ import annotations

import re
import shutil
import subprocess
import venv
from collections.abc import Mapping
from pathlib import Path

import pytest

from ci_framework.analysis.analyze import analyze
from ci_framework.planning.whole_tree import exclusions_of_checks
from ci_framework.repository import open_repository
from tests.adopt.repositories import make_repository
from tests.render.programs import tool
from tests.render.renders import render_once

WORKFLOW = """\
on: push
jobs:
  lint:
    runs-on: ubuntu-latest
    steps:
      - run: COMMAND
"""
PATH = ".github/workflows/lint.yml"
OWN = '"""One."""\n\nONE: int = 1\n'


def told(path: Path, command: str, files: Mapping[str, str]) -> list[tuple[str, str]]:
    """What the plan says of a command: the files to change, and why."""
    everything = {
        "pyproject.toml": "[project]\nname = 'one'\n",
        "one.py": OWN,
        PATH: WORKFLOW.replace("COMMAND", command),
        **files,
    }
    repository = open_repository(make_repository(path, everything))
    found = exclusions_of_checks(repository, analyze(repository))
    for operation in found:
        assert operation.kind == "manual"
        assert operation.evidence[0].path == PATH
        assert f"({PATH}:6) looks at ci-framework/ as well" in operation.reason
    return [(operation.path, operation.reason) for operation in found]


@pytest.mark.parametrize(
    ("command", "files", "path", "line"),
    [
        ("isort --check .", {}, "pyproject.toml", 'extend_skip = ["ci-framework"]'),
        (
            "isort --check .",
            {".isort.cfg": "[settings]\nprofile = black\n"},
            ".isort.cfg",
            "add `extend_skip = ci-framework` to [settings]",
        ),
        (
            "python -m isort . --check",
            {"setup.cfg": "[isort]\nprofile = black\n"},
            "setup.cfg",
            "add `extend_skip = ci-framework` to [isort]",
        ),
        ("flake8", {}, ".flake8", "extend-exclude = ci-framework"),
        ("flake8 .", {"tox.ini": "[flake8]\nmax-line-length = 99\n"}, "tox.ini", ""),
        ("uv run mypy .", {}, "pyproject.toml", 'exclude = ["^ci-framework/"]'),
        ("mypy", {"mypy.ini": "[mypy]\nstrict = true\n"}, "mypy.ini", ""),
        ("pyright", {}, "pyproject.toml", 'ignore = ["ci-framework"]'),
        (
            "pyright",
            {"pyrightconfig.json": '{"strict": ["src"]}\n'},
            "pyrightconfig.json",
            '"ignore": ["ci-framework"]',
        ),
        ("bandit -r .", {}, PATH, "--exclude ./ci-framework"),
        ("pylint --recursive=y .", {}, "pyproject.toml", "ignore-paths"),
    ],
)
def test_the_line_and_the_file_it_belongs_into_are_told(
    tmp_path: Path, command: str, files: Mapping[str, str], path: str, line: str
) -> None:
    ((where, reason),) = told(tmp_path, command, files)
    assert where == path
    assert line in reason
    assert f"`{command.removeprefix('uv run ').removeprefix('python -m ')}`" in reason


@pytest.mark.parametrize(
    ("command", "files"),
    [
        ("isort --check src tests", {}),
        ("mypy src", {}),
        ("mypy", {"mypy.ini": "[mypy]\nfiles = src\n"}),
        ("mypy", {"pyproject.toml": "[tool.mypy]\npackages = ['one']\n"}),
        ("pyright", {"pyproject.toml": "[tool.pyright]\ninclude = ['src']\n"}),
        ("pyright", {"pyrightconfig.json": '{"include": ["src"]}\n'}),
        ("bandit -r src", {}),
        ("flake8 .", {".flake8": "[flake8]\nextend-exclude = ci-framework\n"}),
        ("bandit -r . --exclude ./ci-framework", {}),
        # These find nothing in the framework's files.
        ("black --check .", {}),
        ("ruff check .", {}),
        ("codespell", {}),
    ],
)
def test_nothing_is_told_where_nothing_is_met(
    tmp_path: Path, command: str, files: Mapping[str, str]
) -> None:
    assert told(tmp_path, command, files) == []


@pytest.fixture
def adopted(template: Path, shared_directory: Path, tmp_path: Path) -> Path:
    """A project with one module and the framework's files."""
    answers = {"project_state": "existing", "source_paths": ["."], "test_paths": []}
    render = render_once(template, shared_directory / "whole-tree", answers)
    shutil.copytree(render / "ci-framework", tmp_path / "adopted" / "ci-framework")
    (tmp_path / "adopted" / "one.py").write_text(OWN)
    return tmp_path / "adopted"


@pytest.mark.heavy
@pytest.mark.parametrize("command", ["mypy .", "pyright", "bandit -q -r ."])
def test_with_the_line_that_is_told_the_tool_says_nothing_of_us(
    adopted: Path, tmp_path: Path, command: str
) -> None:
    ((_, reason),) = told(tmp_path / "planned", command, {})
    line = re.search(r"add `(.+?)` to (\[[\w.]+\]|the command)", reason)
    assert line is not None
    words = command.split()
    # The project's environment has none of the engine's packages.
    if words[0] == "mypy":
        words.append("--no-site-packages")
    if words[0] == "pyright":
        venv.create(tmp_path / "empty")
        words += ["--pythonpath", str(tmp_path / "empty" / "bin" / "python")]
    before = look(adopted, words)
    if line.group(2) == "the command":
        words += line.group(1).split()
    else:
        text = f"{line.group(2)}\n{line.group(1)}\n"
        (adopted / "pyproject.toml").write_text(text)
    assert "ci-framework" in before
    assert "ci-framework" not in look(adopted, words)


@pytest.mark.heavy
@pytest.mark.parametrize("command", ["black --check .", "codespell"])
def test_tools_that_need_no_line_find_nothing(adopted: Path, command: str) -> None:
    assert "ci-framework" not in look(adopted, command.split())


def look(project: Path, words: list[str]) -> str:
    """What a tool says of a project."""
    done = subprocess.run(
        [tool(words[0]), *words[1:]],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    return f"{done.stdout}\n{done.stderr}".replace(str(project), "")
