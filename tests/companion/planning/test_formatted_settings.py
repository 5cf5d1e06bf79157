"""Formatters of TOML files never break the framework's block."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_framework.analysis.analyze import analyze
from ci_framework.planning.file_answers import shape_rewritten
from ci_framework.planning.whole_tree import whole_tree
from ci_framework.repository import Repository, open_repository
from tests.support.adoptable_repositories import make_repository

PROJECT = '[project]\nname = "x"\nversion = "1"\n'
HOOKS = "repos:\n- repo: https://example.org/h\n  rev: v1\n  hooks:\n  - id: "
RUNS = "on: push\njobs:\n  lint:\n    steps:\n      - run: "


def repository_of(path: Path, **files: str) -> Repository:
    content = {"pyproject.toml": PROJECT, **files}
    return open_repository(make_repository(path / "project", content))


@pytest.mark.parametrize(
    ("path", "content", "tool"),
    [
        (".pre-commit-config.yaml", f"{HOOKS}pyproject-fmt\n", "pyproject-fmt"),
        (".pre-commit-config.yaml", f"{HOOKS}taplo-format\n", "taplo"),
        (".github/workflows/ci.yml", f"{RUNS}toml-sort --check *.toml\n", "toml-sort"),
    ],
)
def test_settings_are_kept_out_of_a_formatted_pyproject(
    tmp_path: Path, path: str, content: str, tool: str
) -> None:
    repository = repository_of(tmp_path, **{path: content})
    ((name, answer),) = shape_rewritten(repository, analyze(repository))
    assert (name, answer.value) == ("settings_file", "ci-framework.toml")
    assert answer.because.startswith(f"{tool} formats pyproject.toml")


def test_other_projects_keep_them_in_pyproject(tmp_path: Path) -> None:
    repository = repository_of(
        tmp_path, **{".pre-commit-config.yaml": f"{HOOKS}check-toml\n"}
    )
    assert not [*shape_rewritten(repository, analyze(repository))]


def test_settings_that_are_in_pyproject_stay_there(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": f"{PROJECT}[tool.ci-framework]\n",
        ".pre-commit-config.yaml": f"{HOOKS}pyproject-fmt\n",
    }
    repository = repository_of(tmp_path, **files)
    assert not [*shape_rewritten(repository, analyze(repository))]


@pytest.mark.parametrize(
    ("path", "content", "advice"),
    [
        (
            ".pre-commit-config.yaml",
            f"{HOOKS}taplo-format\n",
            r"add `exclude: ^(ci-framework\.toml$)` to taplo-format",
        ),
        (
            ".github/workflows/ci.yml",
            f"{RUNS}taplo fmt --check\n",
            "taplo: exclude in its settings or its command: ci-framework.toml",
        ),
    ],
)
def test_a_formatter_of_every_toml_file_has_to_leave_out_the_settings(
    tmp_path: Path, path: str, content: str, advice: str
) -> None:
    repository = repository_of(tmp_path, **{path: content})
    rendered: dict[str, object] = {"ci-framework.toml": b""}
    (step,) = whole_tree(repository, analyze(repository), rendered)
    assert step.reason.endswith(advice)
