"""The answers that follow from the files of a project."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from ci_framework.planning.file_answers import shape_answers
from ci_framework.planning.name_answers import ACTIONS, WORKFLOWS
from ci_framework.repository import open_repository
from tests.support.adoptable_repositories import commit, make_repository
from tests.support.renders import ROOT

PYPROJECT = "pyproject.toml"
HOOKS = ".pre-commit-config.yaml"
UPDATES = ".github/dependabot.yml"
FORMATS = {"ruff.toml": "[format]\nquote-style = 'single'\n"}
OWN = ".github/workflows/own.yml"
# Workflows that an adoption renders only on request: many projects have their own
# codeql.yml, which must not add a prefix to all other workflows.
CHOSEN_WORKFLOWS = {
    "cleanup-pull-request.yml": "Remove stray development files",
    "codeql.yml": "CodeQL",
    "framework-update.yml": "Framework update",
    "monorepo.yml": "Monorepo",
    "release.yml": "Release",
    "release-please.yml": "Release please",
}
PLAIN = {PYPROJECT: "[project]\nname = 'x'\n", OWN: "on: push\n", **FORMATS}
Files = Mapping[str, str | bytes]


def shapes(path: Path, files: Files) -> dict[str, object]:
    """The answers for a repository with these files, beside what is plain."""
    repository = open_repository(make_repository(path, {**PLAIN, **files}))
    found = shape_answers(repository)
    for name, shape in found.items():
        assert shape.because, name
    return {name: shape.value for name, shape in found.items()}


def test_a_project_without_anything_special_needs_none(tmp_path: Path) -> None:
    assert shapes(tmp_path, {}) == {}


# --- where the settings go ---------------------------------------------------------


def test_no_pyproject_is_made_where_there_is_none(tmp_path: Path) -> None:
    root = make_repository(tmp_path, {"setup.py": "", **FORMATS})
    found = shape_answers(open_repository(root))
    assert found["settings_file"].value == "ci-framework.toml"


@pytest.mark.parametrize(
    ("pyproject", "reason"),
    [
        ("[a\n", "not valid TOML"),
        ("a = {\n b = 1,\n}\n", "not valid TOML 1.0"),
        ("tool = {ruff = {}}\n", "the way its key tool is written"),
        (b"a = '\xe9'\n", "not UTF-8"),
    ],
)
def test_a_pyproject_that_takes_no_table_is_left_alone(
    tmp_path: Path, pyproject: str | bytes, reason: str
) -> None:
    root = make_repository(tmp_path, {PYPROJECT: pyproject, **FORMATS})
    found = shape_answers(open_repository(root))
    assert found["settings_file"].value == "ci-framework.toml"
    assert reason in found["settings_file"].because


def test_a_pyproject_that_is_a_link_is_left_alone(tmp_path: Path) -> None:
    root = make_repository(tmp_path, {"config/pyproject.toml": "", **FORMATS})
    (root / PYPROJECT).symlink_to("config/pyproject.toml")
    commit(root)
    found = shape_answers(open_repository(root))
    assert found["settings_file"].value == "ci-framework.toml"
    assert "link" in found["settings_file"].because


@pytest.mark.parametrize(
    ("pixi", "tiers"),
    [
        ("[tool.pixi]\nenvironments = {dev = ['dev']}\n", "project"),
        ("[tool.pixi]\ntasks = {}\n", "project"),
        ("[tool.pixi.environments]\ndev = ['dev']\n", None),
        ("[tool.pixi.feature.dev.tasks]\n", None),
    ],
)
def test_tables_of_pixi_that_cannot_be_added_to_stay_the_projects(
    tmp_path: Path, pixi: str, tiers: str | None
) -> None:
    assert shapes(tmp_path, {PYPROJECT: pixi}).get("pixi_tiers") == tiers


# --- names -------------------------------------------------------------------------


def test_the_names_that_a_render_may_take_are_those_of_the_template() -> None:
    github = ROOT / "template" / ".github"
    folders = sorted(
        path.name for path in (github / "actions").iterdir() if path.is_dir()
    )
    assert folders == ["{{ github_prefix }}" + name for name in ACTIONS]
    names: dict[str, str] = {}
    for path in (github / "workflows").iterdir():
        text = path.read_text("utf-8")
        title = re.search(r"^name: (.+?)(\{% endraw %\})?\{\{", text, re.MULTILINE)
        assert title is not None
        names[re.sub(r"\{%.*?%\}|\{\{.*?\}\}|\.jinja$", "", path.name)] = title.group(1)
    assert names == WORKFLOWS | CHOSEN_WORKFLOWS


@pytest.mark.parametrize(
    "files",
    [
        {".github/workflows/python-ci.yml": "on: push\n"},
        {".github/workflows/Local-Hybrid.yml": "on: push\n"},
        {".github/workflows/mine.yml": "on: push\nname: 'Python CI' # all\n"},
        {".github/actions/set-up/action.yaml": "name: Mine\n"},
        {".github/actions/quality-gates": "a file\n"},
    ],
)
def test_a_name_that_is_taken_gives_all_of_them_a_prefix(
    tmp_path: Path, files: Files
) -> None:
    assert shapes(tmp_path, files) == {"github_prefix": "framework-"}


def test_a_prefix_that_is_taken_as_well_gives_another(tmp_path: Path) -> None:
    files = {
        ".github/workflows/python-ci.yml": "on: push\n",
        ".github/workflows/b.yml": "on: push\nname: Local hybrid (framework)\n",
    }
    assert shapes(tmp_path, files)["github_prefix"] == "ci-framework-"


@pytest.mark.parametrize(
    "files",
    [
        {".github/workflows/ci.yml": "name: CI\non: push\n"},
        {".github/actions/set-up-all/action.yml": "name: Mine\n"},
        {".github/workflows/python-ci.yml": "# Owned by ci-framework: x\n"},
        {"docs/python-ci.yml": "name: Python CI\n"},
    ],
)
def test_other_names_need_no_prefix(tmp_path: Path, files: Files) -> None:
    assert shapes(tmp_path, files) == {}


@pytest.mark.parametrize(
    "path", [".github/zizmor.yml", ".github/zizmor.yaml", "zizmor.yml", "zizmor.yaml"]
)
def test_the_projects_configuration_of_zizmor_keeps_its_effect(
    tmp_path: Path, path: str
) -> None:
    assert shapes(tmp_path, {path: "rules: {}\n"}) == {
        "unmanaged": [".github/zizmor.yml"]
    }


# --- hooks -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hooks", "kept"),
    [
        ("[{id: ruff}, {id: ruff-format}]", []),
        ("[{id: ruff-check}]", ["format"]),
        ("[{id: black}]", ["lint"]),
        ("[{id: mypy}]", None),
        ("", None),
    ],
)
def test_what_the_projects_hooks_do_ours_do_not(
    tmp_path: Path, hooks: str, kept: list[str] | None
) -> None:
    text = f"repos:\n  # - id: ruff\n  - repo: a\n    hooks: {hooks}\n"
    assert shapes(tmp_path, {HOOKS: text}).get("hooks") == kept


@pytest.mark.parametrize(
    ("files", "formats"),
    [
        ({"README.md": "We run ruff format.\n"}, False),
        ({PYPROJECT: "[tool.ruff]\n"}, False),
        ({PYPROJECT: "[tool.ruff.format]\n"}, True),
        ({"Makefile": "format:\n\truff format .\n"}, True),
        ({"noxfile.py": "session.run('ruff', 'format', '--check')\n"}, True),
        ({".github/workflows/a.yml": "run: uvx ruff format --check\n"}, True),
        ({"tox.ini": "commands = ruff check\n"}, False),
    ],
)
def test_only_a_project_that_formats_with_ruff_gets_that_hook(
    tmp_path: Path, files: Files, formats: bool
) -> None:
    root = make_repository(tmp_path, {PYPROJECT: "", **files})
    found = shape_answers(open_repository(root))
    assert ("hooks" not in found) is formats
    if not formats:
        assert found["hooks"].value == ["lint"]
        assert found["hooks"].because == "the project does not format with ruff"


def test_hooks_that_a_service_runs_get_no_company(tmp_path: Path) -> None:
    text = "ci:\n  skip: [x]\nrepos:\n    - repo: a\n      hooks: []\n"
    assert shapes(tmp_path, {HOOKS: text}) == {"hooks": []}


@pytest.mark.parametrize(("indent", "answer"), [(0, 0), (2, None), (3, 3), (9, None)])
def test_the_indents_of_lists_are_answers(
    tmp_path: Path, indent: int, answer: int | None
) -> None:
    margin = " " * indent
    found = shapes(
        tmp_path,
        {
            HOOKS: f"repos:\n{margin}- repo: a\n",
            UPDATES: f"version: 2\nupdates:\n{margin}- package-ecosystem: npm\n",
        },
    )
    assert found.get("hooks_indent") == answer
    assert found.get("updates_indent") == answer


@pytest.mark.parametrize("text", ["{% if %}\n", "repos: []\nrepos: []\n", b"\xff\n"])
def test_files_that_cannot_be_read_call_for_nothing(
    tmp_path: Path, text: str | bytes
) -> None:
    assert shapes(tmp_path, {HOOKS: text, UPDATES: text}) == {}


# --- bots --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "kept"),
    [
        ("package-ecosystem: pip, directory: /", ["github-actions"]),
        ('package-ecosystem: uv, directory: "/."', ["github-actions"]),
        ("package-ecosystem: pip, directory: /docs", None),
        ("package-ecosystem: pip, directories: [/docs, /]", ["github-actions"]),
        ('package-ecosystem: pip, directories: ["**/*"]', ["github-actions"]),
        ("package-ecosystem: github-actions, directory: /", ["python"]),
        ("package-ecosystem: npm, directory: /", None),
    ],
)
def test_no_two_entries_are_about_the_same_files(
    tmp_path: Path, entry: str, kept: list[str] | None
) -> None:
    text = f"version: 2\nupdates:\n  - {{{entry}}}\n"
    assert shapes(tmp_path, {UPDATES: text}).get("update_ecosystems") == kept


@pytest.mark.parametrize(
    "path",
    [
        "renovate.json",
        ".github/renovate.json5",
        ".renovaterc",
        ".github/dependabot.yaml",
    ],
)
def test_another_bot_or_another_name_is_left_to_it(tmp_path: Path, path: str) -> None:
    assert shapes(tmp_path, {path: "{}\n"}) == {"update_bot": "none"}


@pytest.mark.parametrize("retired", [(), (OWN,)])
def test_without_workflows_of_its_own_dependabot_gets_none_to_look_at(
    tmp_path: Path, retired: tuple[str, ...]
) -> None:
    """It fails if every file is excluded, and ours are."""
    files = {PYPROJECT: "", **({OWN: "on: push\n"} if retired else {})}
    repository = open_repository(make_repository(tmp_path, files))
    found = shape_answers(repository, retired)["update_ecosystems"]
    assert found.value == ["python"]
    assert found.because == "it has no workflows of its own"


# --- line ends ---------------------------------------------------------------------


def test_what_git_stores_decides_about_line_ends(tmp_path: Path) -> None:
    windows = b"# one\r\n# two\r\n"
    files: Files = {
        ".gitignore": windows,
        PYPROJECT: windows,
        HOOKS: windows,
        UPDATES: b"# one\r\n# two\r\n# three\n",
        ".gitattributes": "* text=auto\n/.gitignore -text\n/pyproject.toml -text\n",
    }
    assert shapes(tmp_path, files) == {"crlf_files": [PYPROJECT, ".gitignore"]}
