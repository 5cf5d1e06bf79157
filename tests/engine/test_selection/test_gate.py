"""The gate runs the tests that a change can break, alone or first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest

from tests.engine.commands.test_changes import commit
from tests.engine.conftest import MakeProject
from tests.support.projects import (
    WITH_XDIST,
    DemoProject,
    Run,
    assert_green,
    assert_red,
    git,
)

OTHER = "def triple(number: int) -> int:\n    return 3 * number\n"
TEST_OTHER = (
    "from demo.other import triple\n\n\ndef test_triple():\n    assert triple(2)\n"
)


@pytest.fixture
def repository(tmp_path: Path, make_project: MakeProject) -> DemoProject:
    """A project with a test that no change below touches, and that must not run."""
    project = make_project(tmp_path / "demo")
    project.write("src/demo/__init__.py", "")
    project.write("src/demo/main.py", "def double(n):\n    return 2 * n\n")
    project.write("src/demo/other.py", OTHER)
    project.write("tests/test_demo.py", "from demo.main import double\nraise OSError\n")
    project.write("tests/test_other.py", TEST_OTHER)
    project.git_init()
    git(project.root, "switch", "--quiet", "--create", "change")
    return project


def names(run: Run) -> list[str]:
    return [str(test["id"]).rpartition("::")[2] for test in run.check("test")["tests"]]


@pytest.mark.heavy
def test_what_the_change_cannot_break_is_not_even_imported(
    repository: DemoProject,
) -> None:
    repository.replace("src/demo/other.py", "3 * number", "number * 3")
    checks = "test,coverage,patch-coverage,imports"
    run = repository.gate(checks, "--affected")
    assert_green(run)
    assert names(run) == ["test_triple"]
    assert "1 test files were skipped" in run.check("test")["notes"]
    assert "only the tests that depend" in run.check("coverage")["reason"]
    # The lines that changed are those that the selected tests have to cover.
    assert run.check("patch-coverage")["coverage"] == 100
    assert run.check("imports")["status"] == "passed"
    assert "--affected" in run.check("test")["rerun"]


@pytest.mark.heavy
def test_a_failing_test_is_as_red_as_ever(repository: DemoProject) -> None:
    repository.replace("src/demo/other.py", "3 * number", "0 * number")
    run = repository.gate("test", "--affected")
    assert_red(run, "test", "tests/test_other.py", 5)


def test_without_a_test_that_depends_on_the_change_none_runs(
    repository: DemoProject,
) -> None:
    repository.write("src/demo/alone.py", "x = 1\n")
    commit(repository)
    repository.append("src/demo/alone.py", "# Why.\n")
    run = repository.gate("test,coverage", "--affected", "--since", "HEAD")
    assert_green(run)
    assert run.check("test")["reason"] == "no test depends on what changed"
    assert run.check("coverage")["status"] == "skipped"


@pytest.mark.heavy
def test_the_selection_of_change_detection_is_taken(repository: DemoProject) -> None:
    repository.append("src/demo/other.py", "\n\nMORE = 1\n")
    told = repository.run("changes")
    assert told.code == 0, str(told)
    file = ".ci-framework/changes/changes.json"
    run = repository.gate("test", "--selection", file)
    assert_green(run)
    assert names(run) == ["test_triple"]


@pytest.mark.heavy
def test_workers_leave_out_the_same(repository: DemoProject) -> None:
    repository.configure(
        '[tool.ci-framework.commands]\ntest = "python -m pytest -n1"\n'
    )
    commit(repository)
    repository.append("src/demo/other.py", "\n\nMORE = 1\n")
    run = repository.gate("test", "--affected", "--since", "HEAD", variables=WITH_XDIST)
    assert_green(run)
    assert names(run) == ["test_triple"]


@pytest.mark.heavy
def test_where_all_tests_run_the_affected_ones_run_first(
    repository: DemoProject,
) -> None:
    repository.write("tests/test_demo.py", "def test_demo():\n    assert 1\n")
    commit(repository)
    repository.append("src/demo/other.py", "\n\nMORE = 1\n")
    repository.write("Vagrantfile", "x = 1\n")
    run = repository.gate("test", "--affected", "--since", "HEAD")
    assert_green(run)
    assert names(run) == ["test_triple", "test_demo"]
    assert names(repository.gate("test")) == ["test_demo", "test_triple"]


@pytest.mark.heavy
def test_selected_tests_that_other_options_leave_out_are_no_failure(
    repository: DemoProject,
) -> None:
    marked = "import pytest\n\n\n@pytest.mark.skip\ndef test_triple():\n    pass\n"
    repository.write("tests/test_other.py", marked)
    run = repository.gate("test", "--affected")
    assert_green(run)
    assert run.check("test")["status"] == "skipped"


@pytest.mark.parametrize(
    "words",
    [
        ("--affected", "--baseline", "write"),
        ("--affected", "src/demo/other.py"),
        ("--selection", "nowhere.json"),
        ("--affected", "--since", "nowhere"),
    ],
)
def test_a_selection_that_cannot_be_is_wrong_usage(
    words: tuple[str, ...], repository: DemoProject
) -> None:
    run = repository.gate("test", *words)
    assert run.code == 2, str(run)
    assert words[-1] in run.stderr or "--affected" in run.stderr


def test_a_module_that_cannot_be_imported_is_red(repository: DemoProject) -> None:
    repository.write("src/demo/alone.py", '"""Text."""\n\nimport nothing_like_it\n')
    run = repository.gate("imports", "--affected")
    assert_red(run, "imports", "src/demo/alone.py", 3)
    (finding,) = run.findings("imports")
    assert "import demo.alone: ModuleNotFoundError" in finding["message"]


def test_a_module_that_could_not_be_imported_before_is_not_red(
    repository: DemoProject,
) -> None:
    repository.write("src/demo/alone.py", "import nothing_like_it\n")
    commit(repository)
    repository.append("src/demo/other.py", "\n\nMORE = 1\n")
    run = repository.gate("imports", "--affected", "--since", "HEAD")
    assert_green(run)
    (finding,) = run.findings("imports")
    assert finding["severity"] == "warning"


def test_scripts_are_not_imported(repository: DemoProject) -> None:
    mark = 'from pathlib import Path\nPath("ran").touch()\n'
    repository.write("src/demo/__main__.py", mark)
    repository.write("src/script.py", mark)
    repository.write("src/demo/tool.py", f"{mark}def main(): pass\nmain()\n")
    repository.write("src/demo/test_inside.py", mark)
    run = repository.gate("imports")
    assert_green(run)
    assert run.check("imports")["notes"] == ["3 modules were imported"]
    assert not (repository.root / "ran").exists()
    assert run.findings("imports") == []


@pytest.mark.heavy
def test_without_a_selection_the_tests_import_what_matters(
    repository: DemoProject,
) -> None:
    repository.write("tests/test_demo.py", "def test_demo():\n    assert 1\n")
    settings = {"CI_FRAMEWORK_QUALITY_COVERAGE_THRESHOLD": "0"}
    run = repository.gate("", "--tier", "essential", variables=settings)
    assert run.check("imports")["status"] == "skipped"


def explain(project: DemoProject, path: str) -> dict[str, Any]:
    run = project.run("changes", "--explain", path, "--json")
    assert run.code == 0, str(run)
    return cast("dict[str, Any]", json.loads(run.stdout))


def test_a_file_is_explained(repository: DemoProject) -> None:
    told = explain(repository, "src/demo/other.py")
    (chain,) = told["selects"]["chains"]
    assert chain["way"] == ["src/demo/other.py", "tests/test_other.py"]
    told = explain(repository, "tests/test_other.py")
    assert told["selected-by"] == [
        "src/demo/__init__.py",
        "src/demo/other.py",
        "tests/test_other.py",
    ]
    text = repository.run("changes", "--explain", "tests/test_other.py").stdout
    assert "this test runs for a change to 3 files:" in text
    text = repository.run("changes", "--explain", "pyproject.toml").stdout
    assert "a change to it runs all tests: pyproject.toml" in text
