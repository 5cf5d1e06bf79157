"""Coverage that is too low, or was not measured at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.projects import (
    DemoProject,
    Location,
    assert_green,
    assert_not_run,
    assert_red,
)

BOTH = "test,coverage"
UNTESTED = "def one() -> int:\n    value = 1\n    return value\n"


@pytest.mark.heavy
def test_low_coverage_names_the_worst_file_and_its_first_missing_line(
    project: DemoProject,
) -> None:
    project.write("src/demo/a.py", "def a() -> int:\n    return 1\n")
    project.write("src/demo/worst.py", UNTESTED)
    run = project.gate(BOTH)
    assert_red(run, "coverage", "src/demo/worst.py", 1)
    assert run.locations("coverage") == [
        Location("src/demo/worst.py", 1),
        Location("src/demo/a.py", 1),
    ]
    assert run.check("test")["status"] == "passed"
    assert "% covered, 90 % required" in run.check("coverage")["reason"]
    assert run.check("coverage")["rerun"].endswith("--only test,coverage")
    assert 0 < run.check("coverage")["coverage"] < 90


@pytest.mark.heavy
@pytest.mark.parametrize(("threshold", "code"), [(26, 1), (25, 0), (0, 0)])
def test_the_threshold_on_the_command_line_counts(
    project: DemoProject, threshold: int, code: int
) -> None:
    project.replace("pyproject.toml", "branch = true\n", "")
    project.write("src/demo/worst.py", "\n".join(f"A{n} = 1" for n in range(6)) + "\n")
    # 2 of 8 statements.
    run = project.gate(BOTH, "--coverage-threshold", str(threshold))
    assert run.code == code, str(run)
    status = {26: "failed", 25: "passed", 0: "skipped"}[threshold]
    assert run.check("coverage")["status"] == status


@pytest.mark.parametrize("own", [(), ("--cov", "--cov-fail-under=99")])
def test_nothing_is_traced_when_the_check_is_off(
    project: DemoProject, own: tuple[str, ...]
) -> None:
    """Tracing can break tests, and the project may trace by itself."""
    addopts = f"addopts = {' '.join(own)}\n"
    project.write("pytest.ini", f"[pytest]\n{addopts}filterwarnings = error\n")
    project.write(
        "tests/test_demo.py",
        "import sys\n\n\ndef test_it() -> None:\n"
        "    assert sys.gettrace() is None\n"
        '    monitoring = getattr(sys, "monitoring", None)\n'
        "    assert not monitoring or monitoring.get_tool(1) is None\n",
    )
    run = project.gate(BOTH, "--coverage-threshold", "0")
    assert run.check("test")["status"] == "passed", str(run)
    assert run.check("coverage")["status"] == "skipped"


@pytest.mark.heavy
def test_coverage_that_measured_nothing_is_not_green(project: DemoProject) -> None:
    project.replace("pyproject.toml", 'source = ["src"]', 'source = ["nothing_here"]')
    assert_not_run(project.gate(BOTH), "coverage", "")


@pytest.mark.heavy
def test_coverage_of_empty_files_is_not_green(project: DemoProject) -> None:
    project.write("src/demo/__init__.py", "")
    project.write("tests/test_demo.py", "def test_it() -> None:\n    pass\n")
    assert_not_run(project.gate(BOTH), "coverage", "coverage measured no statement")


@pytest.mark.heavy
def test_coverage_without_the_tests_is_not_green(project: DemoProject) -> None:
    assert_green(project.gate(BOTH))
    assert_not_run(project.gate("coverage"), "coverage", "not part of this run")


@pytest.mark.heavy
def test_coverage_of_an_earlier_run_is_never_used(project: DemoProject) -> None:
    assert_green(project.gate(BOTH))
    project.replace("pyproject.toml", "testpaths", 'addopts = "--no-cov"\ntestpaths')
    run = project.gate(BOTH)
    assert_not_run(run, "coverage", "the tests measured no coverage")
    assert not (run.reports / "coverage.json").exists()
    assert not (run.reports / "coverage.xml").exists()


@pytest.mark.heavy
def test_coverage_in_a_directory_of_ones_own_is_not_used_again(
    project: DemoProject, tmp_path: Path
) -> None:
    words = ("gate", "--only", BOTH, "--report-dir", str(tmp_path / "reports"))
    assert_green(project.run(*words, reports=tmp_path / "reports"))
    project.replace("pyproject.toml", "testpaths", 'addopts = "--no-cov"\ntestpaths')
    run = project.run(*words, reports=tmp_path / "reports")
    assert_not_run(run, "coverage", "the tests measured no coverage")


@pytest.mark.heavy
def test_a_coveragerc_without_sources_does_not_count_the_tests(
    project: DemoProject,
) -> None:
    project.replace(
        "pyproject.toml", '[tool.coverage.run]\nbranch = true\nsource = ["src"]\n', ""
    )
    project.write(".coveragerc", "[report]\nshow_missing = true\n")
    project.write("src/demo/worst.py", UNTESTED)
    assert_red(project.gate(BOTH), "coverage", "src/demo/worst.py", 1)


@pytest.mark.heavy
def test_the_projects_own_threshold_does_not_fail_the_tests(
    project: DemoProject,
) -> None:
    project.configure("[tool.coverage.report]\nfail_under = 100\n")
    project.write("src/demo/worst.py", "VALUE = 1\n")
    run = project.gate(BOTH, "--coverage-threshold", "10")
    assert_green(run)


@pytest.mark.heavy
def test_failing_tests_leave_the_coverage_they_reached(project: DemoProject) -> None:
    project.test_file("def test_wrong() -> None:\n    assert False\n")
    run = project.gate(BOTH)
    assert run.code == 1
    assert run.check("test")["status"] == "failed"
    assert run.check("coverage")["status"] == "passed"


@pytest.mark.heavy
def test_the_data_of_coverage_is_left_for_other_reports(project: DemoProject) -> None:
    run = project.gate(BOTH)
    left = {path.name for path in run.reports.iterdir()}
    assert left == {
        ".coverage",
        "coverage.json",
        "coverage.xml",
        "junit.xml",
        "pytest-output.txt",
        "report.html",
        "result.json",
        "results.sarif",
        "summary.md",
    }
    assert not (project.root / ".coverage").exists()
