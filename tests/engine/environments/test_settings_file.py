"""A project without pyproject.toml has its settings in ci-framework.toml."""

from __future__ import annotations

from pathlib import Path

from ci_engine.environments.project_environment import EnvironmentRequest
from ci_engine.project.repository import read_project

SETTINGS = '[tool.ci-framework.matrix.answers]\npython-versions = ["3.99"]\n'


def test_its_matrix_decides_on_the_python_of_its_environment(tmp_path: Path) -> None:
    (tmp_path / "ci-framework.toml").write_text(SETTINGS)
    request = EnvironmentRequest(read_project(tmp_path), "", "")
    assert request.matrix == ["3.99"]
