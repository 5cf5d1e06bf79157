"""What the analysis reads from GitLab pipelines."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_framework.analysis.analyze import analyze
from ci_framework.inventory import Inventory
from ci_framework.planning.second_pipeline import second_pipeline
from ci_framework.repository import open_repository
from tests.support.adoptable_repositories import make_repository

PYPROJECT = """\
[project]
name = "thing"
classifiers = [
    "Programming Language :: Python :: 3.11",
    "Programming Language :: Python :: 3.13",
]
"""
MATRIX = """\
default:
  image: python:3.14
.python:
  image: {name: "python:${PYTHON}-slim"}
  before_script: [pip install -e . pytest mock]
tests:
  extends: .python
  parallel: {matrix: [{PYTHON: ["3.11", "3.12"]}]}
  script: [pytest -q tests]
lint:
  script:
    - !reference [.checks, script]
.checks:
  script: [ruff check src, mypy src]
"""


def look(path: Path, pipeline: str, **files: str) -> Inventory:
    repository = {
        "pyproject.toml": PYPROJECT,
        "src/thing/__init__.py": "",
        "tests/test_it.py": "def test_it(): ...\n",
        ".gitlab-ci.yml": pipeline,
        **files,
    }
    return analyze(open_repository(make_repository(path / "project", repository)))


def test_jobs_name_the_versions_the_tools_and_the_command(tmp_path: Path) -> None:
    found = look(tmp_path, MATRIX)
    assert found.items("python-versions") == ["3.11", "3.12"]
    assert found.text("test-command") == "pytest -q tests"
    assert found.text("linter") == "ruff"
    assert found.text("type-checker") == "mypy"
    assert found.items("test-needs") == ["pytest", "mock"]
    assert found.unreadable == []


@pytest.mark.parametrize(
    ("pipeline", "versions"),
    [
        ("image: python:3.12\nt: {script: pytest}\n", ["3.12"]),
        ("variables: {V: '3.12'}\nimage: python:$V\nt: {script: pytest}\n", ["3.12"]),
        ("image: python:3.14\nt: {trigger: {include: x.yml}}\n", ["3.11", "3.13"]),
        ("image: python:3.14\ndocs: {script: mkdocs build}\n", ["3.11", "3.13"]),
        ("a: {extends: b, script: pytest}\nb: {extends: a}\n", ["3.11", "3.13"]),
    ],
    ids=["one image", "variable", "child pipeline", "no tests", "circle"],
)
def test_only_the_images_of_tests_name_versions(
    pipeline: str, versions: list[str], tmp_path: Path
) -> None:
    assert look(tmp_path, pipeline).items("python-versions") == versions


def test_jobs_that_all_extend_and_refer_to_each_other_are_read_once(
    tmp_path: Path,
) -> None:
    names = [f".j{number}" for number in range(40)]
    extends = ", ".join(names)
    script = "".join(f"    - !reference [{name}, script]\n" for name in names)
    pipeline = "".join(
        f"{name}:\n  extends: [{extends}]\n  image: python:3.12\n  script:\n{script}"
        for name in (*names, "tests")
    )
    files: dict[str, str | bytes] = {
        "pyproject.toml": PYPROJECT,
        ".gitlab-ci.yml": f"{pipeline}    - pytest tests\n",
        "tests/test_it.py": "def test_it(): ...\n",
    }
    found = analyze(open_repository(make_repository(tmp_path, files)))
    assert found.items("python-versions") == ["3.12"]


def test_a_second_pipeline_is_for_the_maintainer_to_decide(tmp_path: Path) -> None:
    issues = "on: issues\njobs: {a: {runs-on: x, steps: [{run: ./sync.py}]}}\n"
    found = look(tmp_path, MATRIX, **{".github/workflows/issues.yml": issues})
    [row] = second_pipeline(found, {"ci_mode": "remote"})
    assert (row.kind, row.path) == ("manual", ".gitlab-ci.yml")
    assert "--answer ci_mode=local" in row.reason
    assert second_pipeline(found, {"ci_mode": "local"}) == []


def test_a_pipeline_beside_tests_on_github_is_nothing_new(tmp_path: Path) -> None:
    tests = "on: push\njobs: {a: {runs-on: x, steps: [{run: pytest}]}}\n"
    found = look(tmp_path, MATRIX, **{".github/workflows/tests.yml": tests})
    assert second_pipeline(found, {"ci_mode": "remote"}) == []
