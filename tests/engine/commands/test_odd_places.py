"""Repositories in odd locations, and canceled runs."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.engine.conftest import MakeProject
from tests.support.projects import DemoProject, assert_green, assert_red, git

# Slow: each test runs real programs.
pytestmark = pytest.mark.heavy

CHECK = "no-conflict-markers"


def slow_test(marker: Path) -> str:
    """A test that reports its start, and then takes long."""
    begin = "import time\nfrom pathlib import Path\n\n\ndef test_slow() -> None:\n"
    return f"{begin}    Path({str(marker)!r}).touch()\n    time.sleep(60)\n"


@pytest.mark.parametrize(
    "name",
    [
        "with space, ünï-日本 and 100%",
        "quote'and\"quote $HOME;`x`& (b) [x] {y}",
        "-dash",
    ],
)
def test_a_repository_may_be_in_a_directory_of_any_name(
    tmp_path: Path, make_project: MakeProject, name: str
) -> None:
    project = make_project(tmp_path / name)
    project.git_init()
    assert_green(project.gate(f"{CHECK},lint,format,test,coverage"))
    project.write("src/demo/more.py", "import os\n")
    assert_red(project.gate("lint"), "lint", "src/demo/more.py", 1)
    project.test_file("def test_wrong() -> None:\n    assert False\n")
    assert_red(project.gate("test"), "test", "tests/test_more.py", 2)


def test_a_run_from_another_directory_looks_at_the_repository(
    project: DemoProject, tmp_path: Path
) -> None:
    project.write("src/demo/more.py", "import os\n")
    (tmp_path / "elsewhere").mkdir()
    for cwd in (tmp_path / "elsewhere", project.root / "src"):
        run = project.gate("lint", cwd=cwd)
        assert_red(run, "lint", "src/demo/more.py", 1)
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_run_through_a_symlink_looks_at_the_repository(
    project: DemoProject, tmp_path: Path
) -> None:
    link = tmp_path / "link"
    link.symlink_to(project.root, target_is_directory=True)
    project.write("src/demo/more.py", "import os\n")
    project.test_file("def test_wrong() -> None:\n    assert False\n")
    bootstrap = link / "ci-framework" / "bootstrap"
    command = [*project.command()[:2], str(bootstrap)]
    words = ("gate", "--only", "lint,test,typecheck")
    run = project.run(*words, command=command, cwd=link)
    assert_red(run, "lint", "src/demo/more.py", 1)
    assert_red(run, "test", "tests/test_more.py", 2)


def test_reports_that_cannot_be_written_are_an_error(
    project: DemoProject, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    run = project.run("gate", "--report-dir", str(tmp_path / "file" / "reports"))
    assert run.code == 3
    assert "cannot write there" in run.stderr
    assert "hint: make the directory writable" in run.stderr


def test_an_output_directory_that_is_a_file_is_an_error(project: DemoProject) -> None:
    project.write(".ci-framework", "")
    run = project.gate(CHECK)
    assert run.code == 3
    assert "cannot write there" in run.stderr


def test_a_repository_that_cannot_be_written_is_an_error(project: DemoProject) -> None:
    if os.geteuid() == 0:
        pytest.skip("permissions do not hold root back")
    project.root.chmod(0o555)
    try:
        assert project.gate(CHECK).code == 3
    finally:
        project.root.chmod(0o755)


def test_a_check_is_possible_where_only_the_reports_can_be_written(
    project: DemoProject, tmp_path: Path
) -> None:
    project.write(".ci-framework", "")
    words = (
        "gate",
        "--only",
        "lint,test,coverage",
        "--report-dir",
        str(tmp_path / "r"),
    )
    run = project.run(*words, reports=tmp_path / "r")
    assert_green(run)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_interrupted_is_reported(
    project: DemoProject, number: signal.Signals
) -> None:
    marker = project.root / "started"
    project.test_file(slow_test(marker))
    run = project.interrupt(
        number, marker.exists, "gate", "--only", f"{CHECK},test,coverage"
    )
    assert run.code == 3, str(run)
    assert run.result["verdict"] == "error"
    assert run.check(CHECK)["status"] == "passed"
    for name in ("test", "coverage"):
        assert run.check(name)["status"] == "not-run"
        assert run.check(name)["reason"] == "interrupted: the run was canceled"
    assert "interrupted" in run.summary
    assert run.junit.get("errors") == "2"


def test_a_run_that_is_killed_leaves_reports_about_it(
    project: DemoProject,
) -> None:
    assert_green(project.gate("test,coverage"))
    marker = project.root / "started"
    project.test_file(slow_test(marker))
    words = ("--only", "test,coverage", "--timeout", "20")
    run = project.interrupt(signal.SIGKILL, marker.exists, "gate", *words)
    assert run.code == -signal.SIGKILL
    assert run.result["verdict"] == "error"
    reason = "interrupted: the run did not complete"
    assert [check["reason"] for check in run.result["checks"]] == [reason, reason]
    assert "interrupted" in run.summary
    assert run.junit.get("errors") == "2"
    assert not (run.reports / "coverage.json").exists()


def test_an_interrupt_while_an_own_command_runs_ends_its_children(
    project: DemoProject,
) -> None:
    marker = project.root / "child"
    project.configure(
        "[tool.ci-framework.commands]\n"
        f'lint = ["sh", "-c", "sleep 99 & echo $! > {marker}; wait"]\n'
    )

    def ready() -> bool:
        return marker.exists() and marker.read_text(encoding="utf-8").endswith("\n")

    run = project.interrupt(signal.SIGINT, ready, "gate", "--only", "lint")
    assert run.code == 3
    state = Path("/proc", marker.read_text(encoding="utf-8").strip(), "stat")
    if Path("/proc/self").exists() and state.exists():
        assert state.read_text(encoding="utf-8").split()[2] == "Z"


def test_a_tool_reads_nothing_from_the_terminal(project: DemoProject) -> None:
    project.test_file("def test_it() -> None:\n    assert open(0).read() == ''\n")
    project.replace("pyproject.toml", "testpaths", 'addopts = "-s"\ntestpaths')
    assert_green(project.gate("test"))


def test_a_second_run_gives_the_same_result(project: DemoProject) -> None:
    first, second = (project.gate("lint,test,coverage").result for _ in range(2))
    for result in (first, second):
        result.pop("seconds")
        for check in result["checks"]:
            check.pop("seconds")
            check.pop("output")
            for test in check["tests"]:
                test.pop("seconds")
    assert first == second


def test_a_run_changes_no_file_of_the_project(project: DemoProject) -> None:
    project.git_init()
    assert_green(project.gate(f"{CHECK},lint,format,test,coverage"))
    assert git(project.root, "status", "--porcelain") == ""
