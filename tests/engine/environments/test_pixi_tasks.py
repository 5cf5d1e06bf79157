"""A pixi task of the project gives the verdict of its check."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_engine.environments.pixi_tasks import OwnTask, own_task
from ci_engine.project.repository import read_project

WORKSPACE = '[project]\nname = "demo"\n\n[tool.pixi.workspace]\nchannels = []\n'
BLOCK = """
# >>> ci-framework >>>
[tool.pixi.tasks.test]
cmd = "pytest"
# <<< ci-framework <<<
"""


def task_of(root: Path, text: str, check: str = "test") -> OwnTask | None:
    (root / "pyproject.toml").write_text(text)
    return own_task(read_project(root), check)


def test_a_task_in_the_block_is_not_the_projects_own(tmp_path: Path) -> None:
    assert task_of(tmp_path, WORKSPACE + BLOCK) is None


def test_a_task_of_the_project_goes_first(tmp_path: Path) -> None:
    text = f'{WORKSPACE}\n[tool.pixi.tasks]\ntest = "pytest -m fast"\n'
    assert task_of(tmp_path, text) == OwnTask("test", trusted=True)
    assert task_of(tmp_path, text, "lint") is None


def test_a_task_of_a_feature_counts(tmp_path: Path) -> None:
    text = (
        f'{WORKSPACE}\n[tool.pixi.feature.ci.tasks]\nlint = {{ cmd = "ruff check" }}\n'
    )
    assert task_of(tmp_path, text, "lint") == OwnTask("lint", trusted=True)


def test_tasks_of_pixi_toml_count(tmp_path: Path) -> None:
    (tmp_path / "pixi.toml").write_text('[tasks]\ntypecheck = "mypy src"\n')
    task = own_task(read_project(tmp_path), "typecheck")
    assert task == OwnTask("typecheck", trusted=True)


@pytest.mark.parametrize(
    "command",
    ["pytest || true", "pytest || echo failed", "pytest; exit 0", "pytest ||true"],
)
def test_a_task_that_swallows_failures_gives_no_verdict(
    tmp_path: Path, command: str
) -> None:
    text = f'{WORKSPACE}\n[tool.pixi.tasks]\ntest = "{command}"\n'
    assert task_of(tmp_path, text) == OwnTask("test", trusted=False)


def test_only_pixi_projects_have_tasks(tmp_path: Path) -> None:
    assert task_of(tmp_path, '[project]\nname = "demo"\n') is None
