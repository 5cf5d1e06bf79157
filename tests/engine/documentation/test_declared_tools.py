"""Where a project declares its documentation tool, whatever manages it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_engine.documentation.declared_tools import declared_group
from ci_engine.project.repository import read_project
from tests.support.renders import Answers, render

PROJECT = '[project]\nname = "demo"\nversion = "1"\n'
PIXI = '[tool.pixi.workspace]\nchannels = []\nplatforms = ["linux-64"]\n'
POETRY = '[tool.poetry]\nname = "demo"\nversion = "1"\n'


@pytest.mark.parametrize(
    ("text", "group"),
    [
        (PROJECT, None),
        (f'{PROJECT}dependencies = ["Sphinx>8"]\n', ""),
        (f'{PROJECT}optional-dependencies.doc = ["furo"]\n', "doc"),
        (f'{PROJECT}[dependency-groups]\npages = ["sphinx"]\n', "pages"),
        (
            f'{PROJECT}[dependency-groups]\ndev = [{{ include-group = "docs" }}]\n'
            'docs = ["sphinx"]\n',
            "docs",
        ),
        # Poetry's own tables.
        (f'{POETRY}[tool.poetry.group.Docs.dependencies]\nfuro = "*"\n', "Docs"),
        (f'{POETRY}[tool.poetry.dependencies]\nsphinx = "*"\n', ""),
        (f'{POETRY}[tool.poetry.dev-dependencies]\nSphinx_RTD_theme = "*"\n', ""),
        (f'{POETRY}[tool.poetry.extras]\ndoc = ["sphinx"]\n', "doc"),
        # A group is a feature, and an environment has features.
        (f'{PROJECT}{PIXI}[dependency-groups]\ndocs = ["sphinx"]\n', None),
        (
            f'{PROJECT}{PIXI}[dependency-groups]\ndocs = ["sphinx"]\n'
            '[tool.pixi.environments]\nbook = ["docs"]\n',
            "book",
        ),
        (
            f'{PROJECT}{PIXI}[tool.pixi.feature.d.pypi-dependencies]\nfuro = "*"\n'
            '[tool.pixi.environments]\nall = ["x", "d"]\ndocs = { features = ["d"] }\n',
            "docs",
        ),
        (
            f'{PROJECT}{PIXI}[tool.pixi.feature.d.dependencies]\nsphinx = "*"\n'
            '[tool.pixi.environments]\nall = ["d"]\ndefault = ["d"]\n',
            "",
        ),
        (f'{PROJECT}{PIXI}[tool.pixi.dependencies]\nsphinx = "*"\n', ""),
    ],
)
def test_what_declares_the_tool(tmp_path: Path, text: str, group: str | None) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    found = declared_group(read_project(tmp_path), "sphinx", "docs/conf.py")
    assert found == group


@pytest.mark.parametrize("manager", ["pixi", "poetry"])
@pytest.mark.parametrize("docs", ["mkdocs", "sphinx"])
def test_new_projects_declare_it(
    tmp_path: Path, template: Path, manager: str, docs: str
) -> None:
    answers: Answers = {"setup": "customise", "package_manager": manager, "docs": docs}
    project = read_project(render(template, tmp_path / "new", answers))
    assert declared_group(project, "sphinx", "x") == (
        "docs" if docs == "sphinx" else None
    )
    assert declared_group(project, "mkdocs", "x") == (
        "docs" if docs == "mkdocs" else None
    )
