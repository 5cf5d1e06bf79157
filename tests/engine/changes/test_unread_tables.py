"""A table of a tool selects no test if nothing in the repository names the tool."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_engine.changes.unread_tables import is_unread
from ci_engine.project.repository import read_project
from ci_engine.test_selection.repository_files import Files
from tests.support.selecting import Tree, write

TABLE = "[tool.code-sponsor]\nx = 1\n"
OWN: Tree = {"pyproject.toml": f"[project]\nname = 'p'\n{TABLE}", "src/p.py": ""}


def is_unread_in(root: Path, tree: Tree, tool: str = "code-sponsor") -> bool:
    write(root, {**OWN, **tree})
    project = read_project(root)
    return is_unread(tool, Files.of(project))


@pytest.mark.parametrize(
    "tree",
    [
        {},
        {"pyproject.toml": f"{TABLE}[tool.'code-sponsor'.a]\n"},
        {"pyproject.toml": f"{TABLE}[tool.code-sponsor.b]\n"},
        {"README.md": "made with code-sponsor"},
        {".pre-commit-config.yaml": "- id: code-sponsor"},
        {".github/workflows/release.yml": "- run: code-sponsor publish"},
    ],
)
def test_a_table_that_only_its_own_tool_can_read_is_unread(
    tree: Tree, tmp_path: Path
) -> None:
    assert is_unread_in(tmp_path, tree)


@pytest.mark.parametrize(
    "tree",
    [
        {"src/p.py": "import code_sponsor"},
        {"tests/test_p.py": "def test_a(CodeSponsor): ..."},
        {"requirements/test.txt": "pytest-code.sponsor==1"},
        {"uv.lock": 'name = "code-sponsor"'},
        {"pyproject.toml": f"{TABLE}[dependency-groups]\ntest = ['Code-Sponsor']\n"},
        {"pyproject.toml": "[tool]\ncode-sponsor.y = 1\n"},
        {"pyproject.toml": f"[tool.code-sponsor-more]\n{TABLE}"},
        {"pyproject.toml": f"{TABLE}[tool.more]\nuses = 'code-sponsor'\n"},
        {".github/workflows/ci.yml": "- run: code-sponsor run pytest"},
        {"src/code_sponsor/data.bin": b"x"},
    ],
)
def test_a_tool_that_anything_names_may_be_read_by_tests(
    tree: Tree, tmp_path: Path
) -> None:
    assert not is_unread_in(tmp_path, tree)


@pytest.mark.parametrize("tool", ["uv", "hatch", "poetry-x", "pytest-env", "abc"])
def test_what_builds_installs_or_tests_always_matters(
    tool: str, tmp_path: Path
) -> None:
    assert not is_unread_in(tmp_path, {}, tool)
