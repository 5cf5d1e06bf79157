"""The manager of a project, and its dependency groups."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_engine.errors import ConfigurationError
from ci_engine.project.extras import read_extras
from ci_engine.project.repository import read_project


@pytest.mark.parametrize(
    ("files", "manager"),
    [
        ({}, "pip"),
        ({"pyproject.toml": "[project]\nname = 'x'\n"}, "pip"),
        ({"pyproject.toml": "[tool.uv]\n"}, "uv"),
        ({"uv.lock": ""}, "uv"),
        ({"pyproject.toml": "[tool.uv.build-backend]\nnamespace = true\n"}, "pip"),
        ({"pyproject.toml": "[tool.poetry]\n", "uv.lock": ""}, "poetry"),
        ({"poetry.lock": ""}, "poetry"),
        ({"pyproject.toml": "[tool.pixi.workspace]\n[tool.uv]\n"}, "pixi"),
        ({"pixi.toml": "", "poetry.lock": ""}, "pixi"),
    ],
)
def test_the_manager_of_a_project(
    tmp_path: Path, files: dict[str, str], manager: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert read_project(tmp_path).manager == manager


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("pyproject.toml", "[project.optional-dependencies]\na = []\nb_c = []\n"),
        ("pyproject.toml", "[tool.poetry.extras]\na = []\nb_c = []\n"),
        ("setup.cfg", "[options.extras_require]\na = x\nb_c =\n    y\n"),
        (
            "setup.py",
            "import setuptools\nsetuptools.setup(extras_require="
            "{'a': ['x'], 'b_c': read('y')})\n",
        ),
        (
            "setup.py",
            "EXTRAS = {'a': ['x']}\nEXTRAS['b_c'] = EXTRAS['a'] + ['y']\n"
            "setup(extras_require=EXTRAS)\n",
        ),
    ],
)
def test_extras_are_those_of_the_build_backend(
    tmp_path: Path, file: str, text: str
) -> None:
    (tmp_path / file).write_text(text, encoding="utf-8")
    assert read_extras(read_project(tmp_path)) == {"a": file, "b_c": file}


def test_groups_are_expanded(tmp_path: Path) -> None:
    text = (
        '[dependency-groups]\ntest = ["pytest"]\nLint_It = ["ruff"]\n'
        'dev = [{include-group = "test"}, "x", {include-group = "lint-it"}]\n'
    )
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    groups = read_project(tmp_path).groups
    assert groups["dev"] == ("pytest", "x", "ruff")
    assert groups["lint-it"] == ("ruff",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dependency-groups = 3\n", "expected a table"),
        ("[dependency-groups]\na = 3\n", "a: expected a list"),
        ("[dependency-groups]\na = [3]\n", "got 3"),
        ('[dependency-groups]\na = [{include-group = "b"}]\n', "b: no such group"),
        ('[dependency-groups]\na = [{include-group = "a"}]\n', "a: includes itself"),
    ],
)
def test_groups_that_make_no_sense_are_refused(
    tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=message):
        read_project(tmp_path)
