"""The commands of recipes of make and just, with expanded variables."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_framework.analysis.analyze import analyze
from ci_framework.repository import open_repository
from tests.support.adoptable_repositories import make_repository

# The file, its text, and the commands of its tasks.
RECIPES: dict[str, tuple[str, str, list[str]]] = {
    "a directory of programs": (
        "Makefile",
        "VENV = build/venv\nBIN := $(VENV)/bin\ntest:\n\t$(BIN)/pytest -q\n",
        ["build/venv/bin/pytest -q"],
    ),
    "a default, braces and make itself": (
        "Makefile",
        "PYTHON ?= python3  # or another\nall:\n\t${PYTHON} -m mypy src\n"
        "\t$(MAKE) lint\n",
        ["python3 -m mypy src\nmake lint"],
    ),
    "a continued list": (
        "Makefile",
        "DIRS := src \\\n  tests\nlint:\n\truff check $(DIRS)\n",
        ["ruff check src tests"],
    ),
    "several targets, and a value of one of them": (
        "Makefile",
        "D = .\none: D = x\none two:\n\truff check $(D)\n",
        ["ruff check $(D)", "ruff check $(D)"],
    ),
    "assigned twice": (
        "Makefile",
        "ifdef UV\nRUN := uv run\nelse\nRUN := python -m\nendif\nt:\n\t$(RUN) pytest\n",
        ["$(RUN) pytest"],
    ),
    "computed": (
        "Makefile",
        "V := $(shell git describe)\nW = $(lastword $(X))\nt:\n\techo $(V) $(W) $(Y)\n",
        ["echo $(V) $(W) $(Y)"],
    ),
    "a circle": ("Makefile", "A = $(B)\nB = $(A)\nt:\n\tls $(A)\n", ["ls $(B)"]),
    "one that grows": ("Makefile", "A = $(A)$(A)\nt:\n\tls $(A)\n", []),
    "just": (
        "justfile",
        'python := "uv run python"\nnow := `date`\nt:\n    {{python}} -m pytest\n'
        "    echo {{now}} {{ python }}\n",
        ["uv run python -m pytest\necho {{now}} uv run python"],
    ),
}


@pytest.mark.parametrize(("name", "text", "commands"), RECIPES.values(), ids=RECIPES)
def test_a_variable_with_one_known_value_is_replaced(
    name: str, text: str, commands: list[str], tmp_path: Path
) -> None:
    repository = make_repository(tmp_path / "project", {name: text})
    found = [task.command for task in analyze(open_repository(repository)).tasks]
    if commands:
        assert found == commands
    assert all(len(command) < 10_000 for command in found)


def test_tests_that_a_module_of_the_project_runs_are_found(tmp_path: Path) -> None:
    files = {
        "thing/__init__.py": "",
        "thing/tests/__init__.py": "",
        "thing/tests/__main__.py": "import unittest\nunittest.main('thing.tests')\n",
        "thing/tests/smoke.py": "import unittest\n",
        "thing/tests/perf.py": "import unittest\n",
        "makefile": (
            "PKG:=thing\ntest:\n\tpython -m coverage run -m $(PKG).tests\n"
            "perf:\n\tpython -m other.tests\n"
        ),
    }
    repository = make_repository(tmp_path / "project", files)
    inventory = analyze(open_repository(repository))
    assert inventory.text("test-runner") == "script"
    assert inventory.text("test-command") == "python -m thing.tests"


def test_what_packages_of_a_monorepo_run_counts(tmp_path: Path) -> None:
    recipe = "lint lint_all:\n\tuv run ruff check .\n\tuv run ruff format . --diff\n"
    files = {
        "libs/one/pyproject.toml": '[project]\nname = "one"\n',
        "libs/one/one/__init__.py": "",
        "libs/one/Makefile": f"{recipe}type:\n\tuv run mypy one\n",
        "examples/two/pyproject.toml": '[project]\nname = "two"\n',
        "examples/two/Makefile": "lint:\n\tblack .\n",
    }
    repository = make_repository(tmp_path / "project", files)
    inventory = analyze(open_repository(repository))
    found = [inventory.text(n) for n in ("linter", "formatter", "type-checker")]
    assert found == ["ruff", "ruff", "mypy"]
