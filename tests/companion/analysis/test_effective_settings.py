"""Which configuration a tool reads, and which it ignores."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_framework.analysis.analyze import analyze
from ci_framework.inventory import Tool
from ci_framework.repository import open_repository
from tests.support.adoptable_repositories import make_repository
from tests.support.kinds import Files

PYPROJECT = """\
[project]
name = "a"

[tool.ruff]
line-length = 100

[tool.pytest.ini_options]
testpaths = ["inner"]

[tool.mypy]
strict = true

[tool.pyright]
include = ["a"]

[tool.coverage.report]
fail_under = 90
"""
BASE: Files = {"pyproject.toml": PYPROJECT, "a/__init__.py": ""}


def tool_of(path: Path, name: str, files: Files) -> Tool:
    """The facts about one tool."""
    inventory = analyze(open_repository(make_repository(path, files)))
    tool = inventory.tool(name)
    assert tool is not None
    return tool


@pytest.mark.parametrize(
    ("name", "files", "wanted", "shadowed"),
    [
        ("ruff", {}, ("pyproject.toml", 4), []),
        ("ruff", {"ruff.toml": ""}, ("ruff.toml", 0), ["pyproject.toml"]),
        (
            "ruff",
            {"ruff.toml": "", ".ruff.toml": ""},
            (".ruff.toml", 0),
            ["ruff.toml", "pyproject.toml"],
        ),
        (
            "pytest",
            {"tox.ini": "[tox]\n\n[pytest]\n", "setup.cfg": "[tool:pytest]\n"},
            ("pyproject.toml", 7),
            ["tox.ini", "setup.cfg"],
        ),
        # It is read even if it has no section for the tool.
        ("pytest", {"pytest.ini": ""}, ("pytest.ini", 0), ["pyproject.toml"]),
        (
            "pytest",
            {"pytest.ini": "", "pytest.toml": ""},
            ("pytest.toml", 0),
            ["pytest.ini", "pyproject.toml"],
        ),
        ("mypy", {"mypy.ini": "[mypy]\n"}, ("mypy.ini", 0), ["pyproject.toml"]),
        (
            "mypy",
            {"setup.cfg": "[metadata]\n\n[mypy]\n"},
            ("pyproject.toml", 10),
            ["setup.cfg"],
        ),
        (
            "pyright",
            {"pyrightconfig.json": "{}"},
            ("pyrightconfig.json", 0),
            ["pyproject.toml"],
        ),
        (
            "coverage",
            {"setup.cfg": "[coverage:run]\n", "tox.ini": "[coverage:run]\n"},
            ("setup.cfg", 1),
            ["tox.ini", "pyproject.toml"],
        ),
        (
            "coverage",
            {".coveragerc": "[run]\n"},
            (".coveragerc", 0),
            ["pyproject.toml"],
        ),
        (
            "flake8",
            {".flake8": "[flake8]\n", "tox.ini": "[flake8]\n"},
            ("tox.ini", 1),
            [".flake8"],
        ),
        ("tox", {"tox.toml": "", "tox.ini": "[tox]\n"}, ("tox.ini", 1), ["tox.toml"]),
    ],
)
def test_the_first_location_is_read(
    name: str,
    files: dict[str, str],
    wanted: tuple[str, int],
    shadowed: list[str],
    tmp_path: Path,
) -> None:
    tool = tool_of(tmp_path, name, {**BASE, **files})
    assert tool.config is not None
    assert (tool.config.path, tool.config.line) == wanted
    assert [location.path for location in tool.shadowed] == shadowed


def test_an_empty_table_of_pytest_is_passed_over(tmp_path: Path) -> None:
    files = {"pyproject.toml": "[tool.pytest]\n", "tox.ini": "[pytest]\n"}
    tool = tool_of(tmp_path, "pytest", files)
    assert tool.config is not None
    assert tool.config.path == "tox.ini"


@pytest.mark.parametrize(
    ("files", "threshold", "tests"),
    [
        ({}, 90, ["inner"]),
        ({".coveragerc": "[report]\nfail_under = 55\n"}, 55, ["inner"]),
        # The file that is read has no settings, so none apply.
        ({".coveragerc": "[run]\nbranch = true\n"}, None, ["inner"]),
        ({"pytest.ini": "[pytest]\ntestpaths = outer\n"}, 90, ["outer"]),
    ],
)
def test_settings_come_from_the_place_in_force(
    files: dict[str, str], threshold: int | None, tests: list[str], tmp_path: Path
) -> None:
    more = {"inner/test_a.py": "", "outer/test_b.py": ""}
    root = make_repository(tmp_path, {**BASE, **more, **files})
    inventory = analyze(open_repository(root))
    fact = inventory.fact("coverage-threshold")
    assert fact is not None
    assert fact.value == threshold
    assert inventory.items("test-paths") == tests


@pytest.mark.parametrize(
    ("files", "formatter", "linter", "types"),
    [
        ({}, "none", "ruff", "mypy"),
        ({"Makefile": "fmt:\n\truff format a\n"}, "ruff", "ruff", "mypy"),
        ({"Makefile": "fmt:\n\tblack a\n\tflake8\n"}, "black", "flake8", "mypy"),
        ({"Makefile": "fmt:\n\tpyright\n"}, "none", "ruff", "pyright"),
        # An installed tool is not necessarily run.
        ({"Makefile": "x:\n\tpip install black\n"}, "none", "ruff", "mypy"),
    ],
)
def test_what_is_run_counts_more_than_what_is_configured(
    files: dict[str, str], formatter: str, linter: str, types: str, tmp_path: Path
) -> None:
    inventory = analyze(open_repository(make_repository(tmp_path, {**BASE, **files})))
    assert inventory.text("formatter") == formatter
    assert inventory.text("linter") == linter
    assert inventory.text("type-checker") == types
