"""The plan names tools that check every file, and how to exclude ours."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from ci_framework.analysis.analyze import analyze
from ci_framework.planning.whole_tree import whole_tree
from ci_framework.repository import open_repository
from tests.support.adoptable_repositories import make_repository

NAMES = (
    ".copier-answers.yml",
    ".github/actions/set-up/action.yml",
    ".gitignore",
    "ci-framework/ci",
    "ci-framework/engine.lock",
    "pyproject.toml",
)
RENDERED: Mapping[str, object] = {name: name.encode() for name in NAMES}
HATCH = '[build-system]\nbuild-backend = "hatchling.build"\n'
SCM = '[build-system]\nrequires = ["setuptools", "setuptools-scm>=8"]\n'
RUNS = "on: push\njobs:\n  lint:\n    steps:\n      - run: "


def said(path: Path, **files: str) -> list[tuple[str, str]]:
    repository = open_repository(make_repository(path / "project", files))
    operations = whole_tree(repository, analyze(repository), RENDERED)
    assert {item.kind for item in operations} <= {"manual"}
    return [(item.path, item.reason) for item in operations]


def test_hatchling_would_publish_our_files(tmp_path: Path) -> None:
    ((path, reason),) = said(tmp_path, **{"pyproject.toml": HATCH, ".gitignore": ""})
    assert path == "pyproject.toml"
    assert reason.endswith(
        'add to [tool.hatch.build.targets.sdist]: exclude = ["/.copier-answers.yml", '
        '"/.github/actions", "/ci-framework"]'
    )


@pytest.mark.parametrize(
    "table",
    [
        'only-include = ["src"]',
        'exclude = [".copier-answers.yml", ".github/actions", ".gitignore", '
        '"/ci-framework"]',
    ],
)
def test_a_source_archive_that_leaves_them_out_needs_nothing(
    tmp_path: Path, table: str
) -> None:
    text = f"{HATCH}[tool.hatch.build.targets.sdist]\n{table}\n"
    assert said(tmp_path, **{"pyproject.toml": text}) == []


def test_setuptools_publishes_what_git_has_only_if_told_so(tmp_path: Path) -> None:
    ((path, reason),) = said(tmp_path, **{"pyproject.toml": SCM})
    assert path == "MANIFEST.in"
    assert reason.endswith(
        "exclude .copier-answers.yml; prune .github/actions; exclude .gitignore; "
        "prune ci-framework"
    )
    plain = SCM.replace(', "setuptools-scm>=8"', "")
    assert said(tmp_path / "plain", **{"pyproject.toml": plain}) == []


def test_actions_of_the_project_stay_in_its_archives(tmp_path: Path) -> None:
    mine = {"pyproject.toml": HATCH, ".github/actions/mine/action.yml": "name: x\n"}
    ((_, reason),) = said(tmp_path, **mine)
    assert '"/.github/actions/set-up/action.yml"' in reason


@pytest.mark.parametrize(
    ("command", "path", "text"),
    [
        ("yamllint --strict .", ".yamllint.yaml", "`ignore`: .copier-answers.yml, "),
        ("reuse lint", "REUSE.toml", '"ci-framework/**"]'),
        ("check-manifest", "pyproject.toml", '".github/actions/**"'),
        (
            "npx prettier --check .",
            ".prettierignore",
            "lines .copier-answers.yml, .github/actions/, .gitignore, ci-framework/",
        ),
        ("shfmt -d .", ".editorconfig", "`ignore = true` for "),
        ("cspell lint .", "pyproject.toml", "its command: .copier-answers.yml, "),
    ],
)
def test_a_check_of_every_file_is_given_what_it_has_to_ignore(
    tmp_path: Path, command: str, path: str, text: str
) -> None:
    ((where, reason),) = said(tmp_path, **{".github/workflows/ci.yml": RUNS + command})
    assert where == path
    assert text in reason


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"setup.cfg": "[check-manifest]\nignore =\n  .x\n"}, "setup.cfg"),
        ({"tox.ini": "[testenv]\n"}, "tox.ini"),
        (
            {"setup.cfg": "", "pyproject.toml": "[project]\nname = 'x'\n"},
            "pyproject.toml",
        ),
    ],
)
def test_check_manifest_is_given_it_where_it_has_its_settings(
    tmp_path: Path, settings: dict[str, str], path: str
) -> None:
    files = {".github/workflows/ci.yml": f"{RUNS}check-manifest", **settings}
    ((where, _),) = said(tmp_path, **files)
    assert where == path


def test_other_commands_need_nothing(tmp_path: Path) -> None:
    other = RUNS + "echo reusable; ./yamllint.sh; pip install reuse-me"
    assert said(tmp_path, **{".github/workflows/ci.yml": other}) == []


def test_hooks_that_rewrite_files_leave_ours_out(tmp_path: Path) -> None:
    hooks = "repos:\n- repo: https://example.org/h\n  rev: v1\n  hooks:\n"
    hooks += "".join(f"  - id: {name}\n" for name in ("pretty-format-json", "ok"))
    ((path, reason),) = said(tmp_path, **{".pre-commit-config.yaml": hooks})
    assert path == ".pre-commit-config.yaml"
    assert reason.endswith(
        r"add `exclude: ^(\.copier-answers\.yml$|\.github/actions/|\.gitignore$|"
        "ci-framework/)` to pretty-format-json"
    )
    python = hooks.replace("pretty-format-json", "double-quote-string-fixer")
    assert said(tmp_path / "none", **{".pre-commit-config.yaml": python}) == []
    done = f"{hooks}    exclude: ^ci-framework/\n"
    assert said(tmp_path / "done", **{".pre-commit-config.yaml": done}) == []


def test_scripts_of_package_json_are_read(tmp_path: Path) -> None:
    scripts = '{"scripts": {"lint": "prettier --check ."}}'
    ((path, _),) = said(tmp_path, **{"package.json": scripts})
    assert path == ".prettierignore"
    assert said(tmp_path / "broken", **{"package.json": "{"}) == []


def test_files_that_are_left_out_already_are_not_named(tmp_path: Path) -> None:
    files = {
        ".github/workflows/ci.yml": f"{RUNS}prettier .",
        ".prettierignore": ".copier-answers.yml\n.github/actions/\n.gitignore\n",
    }
    ((_, reason),) = said(tmp_path, **files)
    assert reason == "prettier: add the lines ci-framework/"
