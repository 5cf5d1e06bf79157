"""The verdicts of benchmarks, and of the run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.benchmark_suites import (
    BenchmarkProject,
    benchmarks_of,
    is_running,
    reason_of,
    verdicts_of,
)
from tests.support.projects import (
    FULL,
    Json,
    Run,
    assert_green,
    assert_not_run,
    git,
    snapshot,
)

BASE = """
@pytest.mark.parametrize("size", [1, 2])
def test_work(takes, size): takes(0.001 * size)
def test_quicker(takes): takes(1)
def test_same(takes, tmp_path):
    (tmp_path / "file").write_text("x")
    print('{"event": "finish"}')
    takes(1e-6)
def test_old(takes): takes(1)
def test_no_benchmark(): raise AssertionError
"""
HEAD = """
@pytest.mark.parametrize("size", [1, 2])
def test_work(takes, size): takes(0.001 * size * size * 1.02)
def test_quicker(takes): takes(0.5)
def test_same(takes, tmp_path):
    (tmp_path / "file").write_text("x")
    print("::error::no command")
    takes(1e-6)
def test_new(takes): takes(1)
def test_broken(takes): assert not takes
"""


def worktrees(project: BenchmarkProject) -> list[str]:
    return git(project.root, "worktree", "list", "--porcelain").split("\n\n")[:-1]


def make(tmp_path: Path, suite: str) -> BenchmarkProject:
    return BenchmarkProject(tmp_path / "demo", suite)


@pytest.fixture
def steady(tmp_path: Path) -> BenchmarkProject:
    """A project with one benchmark, which always takes a second."""
    return make(tmp_path, "def test_one(takes): takes(1)\n")


@pytest.mark.heavy
def test_one_run_gives_each_benchmark_its_verdict(tmp_path: Path) -> None:
    project = make(tmp_path, BASE)
    project.suite(HEAD)
    before = snapshot(project.root / "benchmarks")
    index = git(project.root, "status", "--porcelain")
    run = project.bench()
    assert run.code == 1, str(run)
    assert verdicts_of(run) == {
        "test_work[2]": "regression",
        "test_broken": "failed",
        "test_quicker": "improvement",
        "test_new": "new",
        "test_old": "removed",
        "test_work[1]": "unchanged",
        "test_same": "unchanged",
    }
    slow = benchmarks_of(run)["test_work[2]"]
    assert slow["ratio"] == pytest.approx(2.04)
    assert slow["confirmed"] == pytest.approx(2.04)
    assert slow["base_processes"] == slow["head_processes"] == 6
    assert_reported(run)
    # No file of the user is touched, and no worktree is left.
    assert snapshot(project.root / "benchmarks") == before
    assert git(project.root, "status", "--porcelain") == index
    assert len(worktrees(project)) == 1


def assert_reported(run: Run) -> None:
    """Every report names the regression and the failure, and what was measured."""
    assert sorted(run.rules("benchmarks")) == [
        "benchmark-failed",
        "benchmark-regression",
    ]
    assert "test_work[2] is 104.0% slower" in run.stdout
    assert "noise floor" in run.stdout
    suite = run.junit.find("testsuite[@name='benchmarks']")
    assert suite is not None
    assert suite.get("failures") == "2"
    assert "| benchmarks/test_times.py::test_quicker | improvement |" in run.summary
    comparison: Json = run.check("benchmarks")["comparison"]
    assert comparison["uncommitted"]
    assert comparison["cpu"]


@pytest.mark.heavy
def test_a_change_in_the_second_of_the_last_commit_is_seen(tmp_path: Path) -> None:
    project = make(tmp_path, "def test_one(takes): takes(1)\n")
    project.suite("def test_one(takes): takes(2)\n")
    # As long as before, and as old as the index: git has to compare the content.
    index = (project.root / ".git" / "index").stat().st_mtime_ns
    os.utime(project.root / "benchmarks" / "test_times.py", ns=(index, index))
    assert verdicts_of(project.bench()) == {"test_one": "regression"}


@pytest.mark.heavy
def test_what_became_slower_within_the_threshold_is_green(
    steady: BenchmarkProject,
) -> None:
    steady.suite("def test_one(takes): takes(1.3)\n")
    run = steady.bench("--compare-with", "HEAD", "--threshold", "40%")
    assert_green(run)
    assert verdicts_of(run) == {"test_one": "unchanged"}


def test_without_a_suite_nothing_is_green(tmp_path: Path) -> None:
    project = make(tmp_path, "")
    run = project.bench("--benchmark-suite", "elsewhere")
    assert_not_run(run, "benchmarks", "there is no benchmark suite (elsewhere)")


def test_a_dry_run_names_what_would_be_compared(tmp_path: Path) -> None:
    project = make(tmp_path, "")
    run = project.bench("--dry-run", "--compare-with", "HEAD")
    assert run.code == 0, str(run)
    head = git(project.root, "rev-parse", "HEAD").strip()
    assert run.stdout == (
        f"benchmarks\ncompared with {head[:12]} (--compare-with HEAD)\n"
    )
    assert not run.reports.exists()


@pytest.mark.heavy
def test_thresholds_of_groups_and_single_benchmarks(tmp_path: Path) -> None:
    suite = """
@pytest.mark.benchmark(group="slow")
def test_group(takes): takes({0})
@pytest.mark.parametrize("n", [1])
def test_own(takes, n): takes({0})
"""
    project = make(tmp_path, suite.format(1))
    project.suite(suite.format(1.3))
    project.configure(
        "[tool.ci-framework.performance.group-thresholds]\nslow = '50%'\n"
        "[tool.ci-framework.performance.thresholds]\n'*::test_own[[]1]' = '1%'\n"
        "'*::test_own[1]' = '40%'\n"
    )
    run = project.bench()
    assert_green(run)
    found = benchmarks_of(run)
    assert [found[n]["threshold"] for n in ("test_group", "test_own[1]")] == [0.5, 0.4]


@pytest.mark.heavy
def test_a_suite_that_only_the_head_has_is_neutral(
    steady: BenchmarkProject,
) -> None:
    git(steady.root, "rm", "-r", "--quiet", "--cached", "benchmarks")
    git(steady.root, "commit", "--quiet", "--message", "without")
    run = steady.bench()
    assert_green(run)
    assert verdicts_of(run) == {"test_one": "new"}
    assert run.check("benchmarks")["status"] == "skipped"
    assert "not compared: the base cannot be measured" in reason_of(run)


@pytest.mark.heavy
def test_a_base_that_is_not_here_is_neutral(steady: BenchmarkProject) -> None:
    run = steady.bench("--compare-with", "v9")
    assert_green(run)
    assert reason_of(run) == "not compared: --compare-with v9 is not in this clone: v9"


@pytest.mark.heavy
def test_a_suite_without_benchmarks_is_an_error(tmp_path: Path) -> None:
    project = make(tmp_path, "def test_one(): pass\n")
    assert_not_run(project.bench(), "benchmarks", "nothing was measured")


@pytest.mark.heavy
def test_settings_that_turn_them_off_do_not_count(
    steady: BenchmarkProject,
) -> None:
    steady.replace(
        "pyproject.toml",
        "[tool.pytest.ini_options]",
        "[tool.pytest.ini_options]\n"
        "addopts = '--benchmark-skip --benchmark-disable -x -n 2 --cov=src'",
    )
    run = steady.bench(variables=FULL)
    assert_green(run)
    assert verdicts_of(run) == {"test_one": "unchanged"}


@pytest.mark.heavy
def test_a_crash_of_the_head_alone_is_red(steady: BenchmarkProject) -> None:
    steady.suite("def test_one(takes): os._exit(9)\n")
    run = steady.bench()
    assert run.code == 1, str(run)
    assert "exit code 9 during benchmarks/test_times.py::test_one" in reason_of(run)


@pytest.mark.heavy
def test_a_crash_on_both_sides_is_an_error(tmp_path: Path) -> None:
    project = make(tmp_path, "def test_one(takes): os._exit(9)\n")
    assert_not_run(project.bench(), "benchmarks", "on both sides")


@pytest.mark.heavy
def test_a_broken_base_is_neutral(tmp_path: Path) -> None:
    project = make(tmp_path, "def test_one(takes): os._exit(9)\n")
    project.suite("def test_one(takes): takes(1)\n")
    run = project.bench()
    assert_green(run)
    assert "not compared: the suite of the base fails" in reason_of(run)


@pytest.mark.heavy
def test_a_file_that_cannot_be_imported_is_red(steady: BenchmarkProject) -> None:
    steady.suite("import missing_module\n")
    run = steady.bench()
    assert run.code == 1, str(run)
    assert "missing_module" in run.stdout


@pytest.mark.heavy
def test_a_suite_that_hangs_is_killed_with_its_children(
    steady: BenchmarkProject, tmp_path: Path
) -> None:
    pid = tmp_path / "pid"
    steady.suite(
        "import subprocess, time\n"
        "def test_one(takes):\n"
        "    child = subprocess.Popen([sys.executable, '-c', 'input()'],"
        " stdin=subprocess.PIPE)\n"
        f"    open({str(pid)!r}, 'w').write(str(child.pid))\n"
        "    time.sleep(600)\n"
    )
    steady.replace("pyproject.toml", "process-seconds = 60", "process-seconds = 5")
    run = steady.bench()
    assert run.code == 1, str(run)
    assert run.check("benchmarks")["status"] == "timed-out"
    assert "during benchmarks/test_times.py::test_one" in reason_of(run)
    assert not is_running(int(pid.read_text()))


@pytest.mark.heavy
def test_what_a_suite_leaves_running_ends_with_it(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    project = make(
        tmp_path,
        "import subprocess\n"
        "def test_one(takes):\n"
        "    child = subprocess.Popen(['sleep', '600'])\n"
        f"    open({str(pid)!r}, 'w').write(str(child.pid))\n"
        "    takes(1)\n",
    )
    assert_green(project.bench())
    assert not is_running(int(pid.read_text()))


@pytest.mark.heavy
def test_names_and_times_that_vary_give_no_verdict(tmp_path: Path) -> None:
    project = make(
        tmp_path,
        "@pytest.mark.parametrize('n', [os.getpid()])\n"
        "def test_name(takes, n): takes(1)\n"
        "def test_time(takes): takes(1, noise=9)\n"
        "@pytest.mark.parametrize('n', [sorted({'a', 'b'}, key=hash)[0]])\n"
        "def test_hash(takes, n): takes(1)\n",
    )
    project.replace("pyproject.toml", "\nprocesses = 3", "\nprocesses = 6")
    run = project.bench()
    assert_green(run)
    found = verdicts_of(run)
    assert {v for n, v in found.items() if n.startswith("test_name")} == {"unstable"}
    assert found["test_time"] == "unstable"
    assert [v for n, v in found.items() if n.startswith("test_hash")] == ["unchanged"]
    assert "no verdict on" in run.stdout


@pytest.mark.heavy
def test_without_pytest_benchmark_it_says_what_to_add(steady: BenchmarkProject) -> None:
    uv = steady.tools / "uv"
    uv.write_text(
        uv.read_text().replace("write_text(sysconfig", 'write_text("" and sysconfig')
    )
    run = steady.bench()
    assert_not_run(run, "benchmarks", "pytest is not in the environment")
    assert "add it to the project's dependencies for development" in reason_of(run)


@pytest.mark.heavy
def test_an_interrupted_run_leaves_no_worktree(
    steady: BenchmarkProject, tmp_path: Path
) -> None:
    started = tmp_path / "started"
    steady.suite(
        "import time\ndef test_one(takes):\n"
        f"    open({str(started)!r}, 'w').close()\n    time.sleep(600)\n"
    )
    run = steady.interrupt_bench(started.exists, "--compare-with", "HEAD")
    assert run.code == 3, str(run)
    assert "NOT RUN" in run.stdout
    assert "interrupted" in run.stdout
    assert "Traceback" not in run.stderr
    assert len(worktrees(steady)) == 1
