"""Where projects declare what their tests need."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_engine.project.repository import read_project
from ci_framework.validating.declared import needs_of
from ci_framework.validating.members import needs_below, packages_below
from tests.support.adoptable_repositories import write

PROJECT = '[project]\nname = "demo"\nversion = "1"\n'


def words_of(root: Path, *, tests: bool = True) -> list[str]:
    needs = needs_of(read_project(root))
    return [" ".join(need.words) for need in needs if need.tests is tests]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {
                "pyproject.toml": PROJECT
                + '[project.optional-dependencies]\ntests = ["a"]\ndocs = ["b"]\n'
            },
            ["--editable .[tests]"],
        ),
        (
            {
                "pyproject.toml": PROJECT
                + '[dependency-groups]\ntest = ["a", {include-group = "x"}]\n'
                'x = ["b"]\n'
            },
            ["a b"],
        ),
        ({"requirements-test.txt": "a\n"}, ["--requirement requirements-test.txt"]),
        ({"test_requirements.txt": "a\n"}, ["--requirement test_requirements.txt"]),
        ({"requirements/tests.txt": "a\n"}, ["--requirement requirements/tests.txt"]),
        ({"tests/requirements.txt": "a\n"}, ["--requirement tests/requirements.txt"]),
        ({"notes-test.txt": "hello\n", "test.txt": "x\n"}, []),
        (
            {
                "tox.ini": "[testenv]\ndeps =\n  a>=1\n  -r{toxinidir}/r.txt\n"
                "  py39: c\nextras = tests\n",
                "r.txt": "b\n",
                "setup.py": "",
            },
            ["a>=1", "--requirement r.txt", "--editable .[tests]"],
        ),
        (
            {"pyproject.toml": '[tool.hatch.envs.hatch-test]\ndependencies = ["a"]\n'},
            ["a"],
        ),
        (
            {"pyproject.toml": '[tool.pdm.dev-dependencies]\ntest = ["a", "-e ."]\n'},
            ["a"],
        ),
        (
            {
                "pyproject.toml": "[tool.poetry.group.test.dependencies]\n"
                'a = "^1.2"\nb = "~0.3"\nc = "*"\nd = {version = ">=1,<2",'
                ' extras = ["x"]}\ne = {git = "g"}\nf = "^0.0.3"\ng = "1.0"\n'
            },
            ["a>=1.2,<2 b>=0.3,<0.4 c d[x]>=1,<2 f>=0.0.3,<0.0.4 g==1.0"],
        ),
        (
            {
                "pyproject.toml": "[tool.pixi.feature.test.dependencies]\n"
                'pytest = ">=8"\npython = "3.12.*"\ncompilers = "*"\n'
            },
            ["pytest>=8"],
        ),
        (
            {"setup.cfg": "[options.extras_require]\ntesting =\n    a\n"},
            ["--editable .[testing]"],
        ),
        (
            {"setup.py": 'setup(extras_require={"test": ["a"], "x": []})\n'},
            ["--editable .[test]"],
        ),
    ],
)
def test_the_usual_places_are_read(
    tmp_path: Path, files: dict[str, str], expected: list[str]
) -> None:
    write(tmp_path, files)
    assert words_of(tmp_path) == expected


def test_what_is_for_all_work_is_kept_apart(tmp_path: Path) -> None:
    write(tmp_path, {"requirements-dev.txt": "a\n", "requirements-test.txt": "b\n"})
    assert words_of(tmp_path, tests=False) == ["--requirement requirements-dev.txt"]


def test_nothing_in_these_places_is_run_or_trips_the_reader(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "setup.py": "def (:\n",
            "setup.cfg": b"\xff[broken\n",
            "tox.ini": "[testenv\ndeps = x",
            "pixi.toml": "= broken",
            "pyproject.toml": "[tool]\nhatch = 3\npdm = []\npoetry = {group = 1}\n",
        },
    )
    (tmp_path / "requirements-test.txt").mkdir()
    assert words_of(tmp_path) == []


def test_packages_below_a_top_that_is_none_bring_their_own_needs(
    tmp_path: Path,
) -> None:
    files = {
        "libs/b/pyproject.toml": PROJECT.replace("demo", "b")
        + 'dependencies = ["c"]\n[project.optional-dependencies]\ntest = ["x"]\n',
        "libs/b/b/__init__.py": "",
        "libs/b/requirements-dev.txt": "y\n",
        "libs/c/pyproject.toml": PROJECT.replace("demo", "c")
        + '[dependency-groups]\ntests = ["z"]\n',
        "libs/c/c/__init__.py": "",
    }
    write(tmp_path, files)
    top = read_project(tmp_path)
    assert [" ".join(need.words) for need in packages_below(top)] == [
        "--editable ./libs/c",
        "--editable ./libs/b",
    ]
    assert [" ".join(need.words) for need in needs_below(top)] == [
        "z",
        "--editable ./libs/b[test]",
        "--requirement libs/b/requirements-dev.txt",
    ]
    write(tmp_path, {"pyproject.toml": PROJECT})
    assert packages_below(read_project(tmp_path)) == []
