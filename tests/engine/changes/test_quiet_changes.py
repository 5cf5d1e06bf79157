"""Changes that no test depends on run none: fragments, settings of linters."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.programs import run
from tests.support.projects import DemoProject
from tests.support.selecting import judge, write

TREE = {
    "pyproject.toml": "[project]\nname = 'p'\n",
    "src/p/__init__.py": "",
    "tests/test_p.py": "import p\n",
}


@pytest.mark.parametrize(
    "path",
    [
        *("news/12.feature.md", "newsfragments/+x.bugfix.rst", "changes/3.misc"),
        *("changelog.d/a_b.md", ".changelog/12.added", "docs/requirements.txt"),
        *(".coveragerc", ".gitattributes", ".git-blame-ignore-revs", "Dockerfile"),
        *("compose.yaml", "docker-compose.override.yml", "Justfile", "codspeed.yml"),
        *("src/p/py.typed", "README.MD", "renovate.json5", ".github/renovate.json5"),
        *("libs/p/.changelog/1.fixed", "libs/p/newsfragments/2.misc.rst"),
        *("libs/p/changelog.d/3.md", ".github/component_owners.yml"),
        *("docs-requirements.txt", "requirements_doc.in", "requirements/docs.txt"),
        *("docs/environment.yml", "docs/tutorial/setup.py", "doc/pyproject.toml"),
        *("towncrier.toml", ".mailmap", "azure-pipelines.yml", "cliff.toml"),
    ],
)
def test_what_no_test_reads_runs_none(path: str, tmp_path: Path) -> None:
    write(tmp_path, {**TREE, path: "x"})
    assert judge(tmp_path, path).tests.mode == "none"


@pytest.mark.parametrize(
    "path", ["news/app.py", "changes/__init__.py", "newsfragments.py", "tox.ini"]
)
def test_code_with_such_a_name_is_code(path: str, tmp_path: Path) -> None:
    write(tmp_path, {**TREE, path: "x = 1\n"})
    assert judge(tmp_path, path).tests.mode == "all"


def test_requirements_of_pages_that_others_include_run_everything(
    tmp_path: Path,
) -> None:
    pages = "deps/docs-requirements.txt"
    write(tmp_path, {**TREE, pages: "x", "deps/dev.txt": "y\n-r docs-requirements.txt"})
    assert judge(tmp_path, pages).tests.mode == "all"
    write(tmp_path, {"deps/dev.txt": "y\n-r other-docs-requirements.txt"})
    assert judge(tmp_path, pages).tests.mode == "none"


@pytest.mark.parametrize(
    ("name", "before", "after", "mode"),
    [
        ("pyproject.toml", "", "[tool.isort]\nline_length = 99\n", "none"),
        ("pyproject.toml", "", "[tool.towncrier]\ndirectory = 'x'\n", "none"),
        ("pyproject.toml", "", "# words\n", "none"),
        ("pyproject.toml", "", "[tool.pytest.more]\nx = 1\n", "all"),
        ("pyproject.toml", "", "[tool.sponcon]\nx = 1\n", "none"),
        ("pyproject.toml", "", "[tool.uv]\nx = 1\n", "all"),
        ("setup.cfg", "", "[sponcon]\nx = 1\n", "all"),
        ("pyproject.toml", "", "[dependency-groups]\nx = ['y']\n", "all"),
        ("pyproject.toml", "", "[build-system.more]\nx = 1\n", "all"),
        ("setup.cfg", "", "[flake8]\nmax-line-length = 99\n", "none"),
        ("setup.cfg", "[mypy]\na = 1\n", "[mypy-x.*]\nb = 1\n", "none"),
        ("setup.cfg", "", "[tool:pytest]\naddopts = -q\n", "all"),
        ("tox.ini", "[tox]\n", "[testenv]\n", "none"),
        ("tox.ini", "[pytest]\n", "[testenv]\n", "all"),
    ],
)
def test_settings_that_tests_depend_on_are_distinguished_from_others(
    project: DemoProject, name: str, before: str, after: str, mode: str
) -> None:
    path = project.root / name
    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    start = kept if name == "pyproject.toml" else before
    project.write(name, start or "\n")
    project.git_init()
    project.write(name, f"{start}\n{after}")
    run("git", "commit", "--quiet", "--no-verify", "-am", "x", cwd=project.root)
    found = json.loads(project.run("changes", "--since", "HEAD~1", "--json").stdout)
    assert found["tests"]["mode"] == mode


def test_words_about_the_project_run_nothing(project: DemoProject) -> None:
    project.git_init()
    path = project.root / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    project.write(
        "pyproject.toml", text.replace("[project]", "[project]\nkeywords = []")
    )
    run("git", "commit", "--quiet", "--no-verify", "-am", "x", cwd=project.root)
    found = json.loads(project.run("changes", "--since", "HEAD~1", "--json").stdout)
    assert found["tests"]["mode"] == "none"
    (reason,) = found["reasons"]
    assert reason["because"].startswith("only project.keywords changed")
