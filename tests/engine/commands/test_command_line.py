"""Options of the command line, and wrong ones."""

from __future__ import annotations

import json
import re

import pytest

from tests.support.projects import CHECKS, DemoProject, assert_green, snapshot

CHECK = "no-conflict-markers"


def assert_usage(project: DemoProject, words: tuple[str, ...], *expected: str) -> None:
    run = project.gate("", *words)
    assert run.code == 2, str(run)
    assert "Traceback" not in run.stderr
    for text in expected:
        assert text in run.stderr, run.stderr
    assert not (run.reports / "result.json").exists()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            ("--only", "lnt"),
            ("--only: unknown check 'lnt'; did you mean 'lint'?",),
        ),
        (("--only", "lint,tests"), ("--only: unknown check 'tests'",)),
        (
            ("--only", "declared-imports"),
            ("the check 'declared-imports' is about one package", "--package NAME"),
        ),
        (("--only", ","), ("--only: expected a list of names",)),
        (("--python", "3"), ("expected a version such as 3.12, or 3.14t", "got '3'")),
        (("--python", "2.7"), ("got '2.7'",)),
        (("--python", "3.12.1"), ("got '3.12.1'",)),
        (("--python", "3.12; rm"), ("--python: expected",)),
        (("--tier", "all"), ("--tier: expected one of 'essential'", "got 'all'")),
        (("--timeout", "0"), ("--timeout: expected a number above 0, got 0.0",)),
        (("--timeout", "nan"), ("--timeout: expected a number above 0, got nan",)),
        (("--coverage-threshold", "101"), ("an integer from 0 to 100, got 101",)),
        (("--coverage-threshold", "x"), ("--coverage-threshold: expected", "'x'")),
        (("--no-such-option",), ("unknown option --no-such-option\n",)),
        (("--fial-fast",), ("--fial-fast; did you mean '--fail-fast'?",)),
        (("lint", "/etc/passwd"), ("lint: no such file",)),
        (("/etc/passwd",), ("/etc/passwd: not in this repository",)),
        (
            ("--package", "core", "--affected"),
            ("--package: cannot be combined with --affected",),
        ),
    ],
)
def test_an_option_that_does_not_fit_is_refused(
    project: DemoProject, words: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    assert_usage(project, words, *expected)


def test_no_command_and_an_unknown_command_are_refused(project: DemoProject) -> None:
    assert project.run().code == 2
    run = project.run("gates")
    assert run.code == 2
    assert "gate" in run.stderr


def test_the_order_of_only_does_not_matter(project: DemoProject) -> None:
    run = project.gate(" format, lint ,no-conflict-markers")
    ids = [check["id"] for check in run.result["checks"]]
    assert ids == ["no-conflict-markers", "lint", "format"]


def test_dry_run_lists_the_checks_and_writes_nothing(project: DemoProject) -> None:
    before = snapshot(project.root)
    run = project.gate("", "--dry-run")
    assert run.code == 0
    assert run.stdout.split() == list(CHECKS)
    assert snapshot(project.root) == before


def test_dry_run_gives_json_on_request(project: DemoProject) -> None:
    run = project.gate("", "--dry-run", "--json")
    assert json.loads(run.stdout)["checks"] == list(CHECKS)


def test_dry_run_keeps_the_reports_of_an_earlier_run(project: DemoProject) -> None:
    assert_green(project.gate(CHECK))
    assert project.gate("", "--dry-run").code == 0
    assert (project.reports / "result.json").is_file()


def test_help_names_commands_and_exit_codes(project: DemoProject) -> None:
    run = project.run("--help")
    assert run.code == 0
    for command in ("changes", "gate", "setup", "summary", "validate"):
        assert re.search(rf"^ +{command} +\w", run.stdout, re.MULTILINE), command
    assert "exit codes: 0 green; 1 red; 2 wrong usage" in run.stdout
    assert "--coverage-threshold" in project.run("gate", "--help").stdout


def test_fail_fast_skips_what_follows_and_says_why(project: DemoProject) -> None:
    project.write("src/demo/more.py", "import os\n")
    project.test_file("import time\n\n\ndef test_slow() -> None:\n    time.sleep(60)\n")
    run = project.gate("lint,test,coverage", "--fail-fast")
    assert run.code == 1
    assert run.check("lint")["status"] == "failed"
    for name in ("test", "coverage"):
        assert run.check(name)["status"] == "skipped"
        assert run.check(name)["reason"] == "--fail-fast: an earlier check failed"
    assert run.result["seconds"] < 30


@pytest.mark.heavy
def test_fail_fast_does_not_stop_at_an_advisory_failure(project: DemoProject) -> None:
    project.configure("[tool.ci-framework.checks.lint]\nblocking = false\n")
    project.write("src/demo/more.py", "import os\n")
    run = project.gate("lint,test", "--fail-fast")
    assert_green(run)
    assert run.check("test")["status"] == "passed"


def test_the_last_lines_say_what_to_run_again(project: DemoProject) -> None:
    project.write("src/demo/more.py", "import os\n")
    run = project.gate("lint")
    assert "again: ci-framework/ci gate --tier essential --only lint\n" in run.stdout
    assert "red in" in run.stdout.splitlines()[-1]
    assert run.stdout.splitlines()[-1].endswith("reports in .ci-framework/gate")


def test_the_version_is_that_of_the_engine(project: DemoProject) -> None:
    run = project.run("--version")
    assert run.code == 0
    version = project.gate(CHECK).result["framework"]
    assert run.stdout == f"ci-framework {version}\n"


@pytest.mark.heavy
def test_a_path_that_does_not_exist_is_refused(project: DemoProject) -> None:
    run = project.gate("test", "--", "tests/test_nope.py")
    assert run.code == 2
    assert "tests/test_nope.py: no such file" in run.stderr
    assert project.gate("test", "--", "tests/test_demo.py::test_double").code == 0


def test_paths_are_taken_from_where_the_command_runs(project: DemoProject) -> None:
    project.write("src/demo/more.py", "import os\n")
    run = project.gate("lint", "--", "demo/more.py", cwd=project.root / "src")
    assert run.code == 1
    assert "src/demo/more.py:1" in run.stdout
