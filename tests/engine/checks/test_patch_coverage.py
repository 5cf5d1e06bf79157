"""The share of changed statements that the tests covered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.projects import (
    DemoProject,
    Location,
    Run,
    assert_green,
    assert_not_run,
    git,
)

# Each measures the coverage of a repository with a history.
pytestmark = pytest.mark.heavy

ONLY = "test,patch-coverage"
MORE = """

def half(number: int) -> int:
    result = (
        number
        // 2
    )
    # A comment is not a statement.
    return result
"""
TESTED = """

def test_half() -> None:
    from demo import half

    assert half(4) == 2
"""


@pytest.fixture
def changed(project: DemoProject) -> DemoProject:
    """A project in git with one more function, not committed, without a test."""
    project.git_init()
    project.append("src/demo/__init__.py", MORE)
    return project


def gate(project: DemoProject, *more: str, **variables: str) -> Run:
    words = ("--tier", "full", *more)
    return project.gate(ONLY, *words, variables=variables)


def assert_uncovered(run: Run, path: str, line: int) -> None:
    """The check failed, and every report names the location."""
    assert run.code == 1, str(run)
    assert run.check("patch-coverage")["status"] == "failed"
    assert run.locations("patch-coverage") == [Location(path, line)], str(run)
    assert run.junit_locations("patch-coverage") == [Location(path, line)]
    assert f"{path}:{line}" in run.summary
    assert f"{path}:{line}" in run.stdout


def test_a_change_without_a_test_is_red(changed: DemoProject) -> None:
    run = gate(changed)
    assert_uncovered(run, "src/demo/__init__.py", 10)
    check = run.check("patch-coverage")
    assert check["coverage"] == 33.33
    assert "2 of 3 changed statements not covered: 10, 15" in run.summary
    assert "test,patch-coverage" in check["rerun"]


def test_its_twin_with_a_test_is_green(changed: DemoProject) -> None:
    changed.append("tests/test_demo.py", TESTED)
    run = gate(changed)
    assert_green(run)
    assert run.check("patch-coverage")["status"] == "passed"
    assert run.check("patch-coverage")["coverage"] == 100


def test_only_what_changed_counts(changed: DemoProject) -> None:
    git(changed.root, "commit", "--quiet", "--all", "--message", "untested")
    changed.replace("src/demo/__init__.py", "2 * number", "number * 2")
    assert_green(gate(changed, "--since", "HEAD"))
    run = gate(changed, "--since", "HEAD~1")
    assert_uncovered(run, "src/demo/__init__.py", 10)


def test_a_change_inside_of_a_statement_is_one_of_the_statement(
    changed: DemoProject,
) -> None:
    git(changed.root, "commit", "--quiet", "--all", "--message", "untested")
    changed.replace("src/demo/__init__.py", "// 2", "// 3")
    changed.replace("src/demo/__init__.py", "is no", "is still no")
    run = gate(changed, "--since", "HEAD")
    assert_uncovered(run, "src/demo/__init__.py", 10)
    assert run.check("patch-coverage")["coverage"] == 0


def test_a_new_file_that_nobody_imports_is_red(project: DemoProject) -> None:
    project.git_init()
    project.write("src/demo/new.py", "x = 1\n")
    assert_uncovered(gate(project), "src/demo/new.py", 1)


@pytest.mark.parametrize(("threshold", "code"), [(34, 1), (33, 0)])
def test_the_threshold_is_that_of_coverage(
    changed: DemoProject, threshold: int, code: int
) -> None:
    run = gate(changed, "--coverage-threshold", str(threshold))
    assert run.code == code, str(run)


def test_nothing_changed_is_reported(project: DemoProject) -> None:
    project.git_init()
    project.append("src/demo/__init__.py", "# only a comment\n")
    run = gate(project)
    assert_green(run)
    check = run.check("patch-coverage")
    assert check["status"] == "skipped"
    assert "no measured statement changed" in check["reason"]
    assert "main" in check["reason"]


def test_an_unknown_start_is_reported(project: DemoProject) -> None:
    run = gate(project)
    assert_green(run)
    check = run.check("patch-coverage")
    assert check["status"] == "skipped"
    assert "the changes are not known: git has no work tree" in check["reason"]


def test_in_actions_the_event_says_where_it_started(
    changed: DemoProject, tmp_path: Path
) -> None:
    before = git(changed.root, "rev-parse", "HEAD").strip()
    git(changed.root, "commit", "--quiet", "--all", "--message", "untested")
    event = tmp_path / "event.json"
    payload = {"before": before, "ref": "refs/heads/main"}
    event.write_text(json.dumps(payload), encoding="utf-8")
    run = gate(
        changed,
        GITHUB_ACTIONS="true",
        GITHUB_EVENT_NAME="push",
        GITHUB_EVENT_PATH=str(event),
    )
    assert_uncovered(run, "src/demo/__init__.py", 10)
    assert "before the push" in run.stdout


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--coverage-threshold", "0"), "the threshold is 0"),
        (("--", "tests/test_demo.py"), "only some of the tests ran"),
    ],
)
def test_when_it_is_skipped(
    changed: DemoProject, words: tuple[str, ...], reason: str
) -> None:
    run = gate(changed, *words)
    assert run.check("patch-coverage")["status"] == "skipped"
    assert run.check("patch-coverage")["reason"] == reason


def test_without_the_tests_there_is_no_verdict(changed: DemoProject) -> None:
    run = changed.gate("patch-coverage", "--tier", "full")
    assert_not_run(run, "patch-coverage", "not part of this run")


def test_tests_that_measure_nothing_are_no_verdict(changed: DemoProject) -> None:
    changed.configure("[tool.ci-framework.commands]\ntest = 'true'\n")
    assert_not_run(gate(changed), "patch-coverage", "measured no coverage")


def test_a_report_that_is_garbage_is_no_verdict(changed: DemoProject) -> None:
    script = "import pathlib\n"
    script += "(run,) = pathlib.Path('.ci-framework/running').iterdir()\n"
    script += "(run / 'coverage.json').write_text('{\"files\": 1}')\n"
    changed.write("measure.py", script)
    command = "[tool.ci-framework.commands]\ntest = ['python', 'measure.py']\n"
    changed.configure(command)
    assert_not_run(gate(changed), "patch-coverage", "cannot be read")


def test_changed_source_that_is_not_measured_is_named(project: DemoProject) -> None:
    project.git_init()
    omit = 'source = ["src"]\nomit = ["src/demo/left.py"]\n'
    project.replace("pyproject.toml", 'source = ["src"]\n', omit)
    project.write("src/demo/left.py", "x = 1\n")
    run = gate(project)
    assert_green(run)
    assert "changed but not measured: src/demo/left.py" in run.stdout
