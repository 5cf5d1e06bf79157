"""Suites for asv and pyperf get the verdicts that those of pytest get."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_engine.benchmarks.suite_kinds import SuiteKinds, find_kinds
from tests.support.benchmark_suites import (
    benchmarks_of,
    is_running,
    reason_of,
    verdicts_of,
)
from tests.support.other_suites import ASV_SETTINGS, AsvProject, PyperfProject
from tests.support.projects import assert_green, assert_not_run

ASV_BASE = """
class TimeSuite:
    params = ([1, 2], ["a"])
    timer = staticmethod(timer)
    number = 3
    def setup_cache(self): return {"factor": 1}
    def setup(self, cache, size, name): self.size = size
    def time_work(self, cache, size, name): takes(cache["factor"] * self.size)
class Others:
    timer = staticmethod(timer)
    def time_quicker(self):
        print('{"event": "finish"}')
        takes(1)
    def track_size(self): return 7
class TimeNothing:
    def setup(self): raise NotImplementedError
    def time_nothing(self): os._exit(3)
def time_old(): takes(1)
time_old.timer = timer
def time_same(): takes(1e-6)
time_same.timer = timer
time_same.setup = lambda: takes(5)
"""
ASV_HEAD = """
class TimeSuite:
    params = ([1, 2], ["a"])
    timer = staticmethod(timer)
    number = 3
    def setup_cache(self): return {"factor": 1.02}
    def setup(self, cache, size, name): self.size = size * size
    def time_work(self, cache, size, name): takes(cache["factor"] * self.size)
class Others:
    timer = staticmethod(timer)
    def time_quicker(self): takes(0.5)
    def time_broken(self): raise ValueError("no data")
    def track_size(self): return 7
class TimeNothing:
    def setup(self): raise NotImplementedError
    def time_nothing(self): os._exit(3)
def time_new(): takes(1)
time_new.timer = timer
def time_same(): takes(1e-6)
time_same.timer = timer
time_same.setup = lambda: takes(7)
"""
PYPERF_BASE = """
runner.bench_time_func("work", takes(1))
runner.bench_time_func("quicker", takes(1))
print("::error::no command")
runner.bench_time_func("same", takes(1e-6))
runner.bench_time_func("old", takes(1))
"""
PYPERF_HEAD = """
runner.bench_time_func("work", takes(2.04))
runner.bench_time_func("quicker", takes(0.5))
runner.bench_time_func("same", takes(1.02e-6))
runner.bench_time_func("new", takes(1))
"""


@pytest.mark.heavy
def test_a_suite_for_asv_gives_each_benchmark_its_verdict(tmp_path: Path) -> None:
    project = AsvProject(tmp_path / "demo", ASV_BASE)
    project.suite(ASV_HEAD)
    run = project.bench()
    assert run.code == 1, str(run)
    assert verdicts_of(run) == {
        "TimeSuite.time_work[2, 'a']": "regression",
        "Others.time_broken": "failed",
        "Others.time_quicker": "improvement",
        "time_new": "new",
        "time_old": "removed",
        "TimeSuite.time_work[1, 'a']": "unchanged",
        "time_same": "unchanged",
    }
    slow = benchmarks_of(run)["TimeSuite.time_work[2, 'a']"]
    assert slow["ratio"] == pytest.approx(2.04)
    assert slow["base"] == pytest.approx(2)
    assert slow["name"].startswith("benchmarks/times.py::")
    assert "no data" in benchmarks_of(run)["Others.time_broken"]["reason"]
    assert run.check("benchmarks")["tool"] == "asv suite"


@pytest.mark.heavy
def test_a_script_for_pyperf_gives_each_benchmark_its_verdict(tmp_path: Path) -> None:
    project = PyperfProject(tmp_path / "demo", PYPERF_BASE)
    project.suite(PYPERF_HEAD)
    run = project.bench()
    assert run.code == 1, str(run)
    assert verdicts_of(run) == {
        "work": "regression",
        "quicker": "improvement",
        "new": "new",
        "old": "removed",
        "same": "unchanged",
    }
    assert benchmarks_of(run)["work"]["ratio"] == pytest.approx(2.04)
    assert run.rules("benchmarks") == ["benchmark-regression"]
    assert run.check("benchmarks")["tool"].startswith("pyperf 2.")


@pytest.mark.heavy
@pytest.mark.parametrize("kind", [AsvProject, PyperfProject])
def test_a_crash_of_the_head_alone_is_red_and_an_error_on_both_sides(
    tmp_path: Path, kind: type[AsvProject | PyperfProject]
) -> None:
    asv = kind is AsvProject
    good = "def time_one(): takes(1)\ntime_one.timer = timer\n"
    good = good if asv else "runner.bench_time_func('one', takes(1))\n"
    crash = "def time_one(): os._exit(9)\n" if asv else "os._exit(9)\n"
    where = "benchmarks/times.py::time_one" if asv else "benchmarks/bench_times.py"
    project = kind(tmp_path / "demo", good)
    project.suite(crash)
    run = project.bench()
    assert run.code == 1, str(run)
    assert f"exit code 9 during {where}" in reason_of(run)
    project.suite("import missing_module\n")
    run = project.bench()
    assert run.code == 1, str(run)
    assert "missing_module" in run.stdout
    assert run.rules("benchmarks") == ["benchmark-failed"]
    both = kind(tmp_path / "both", crash)
    assert_not_run(both.bench(), "benchmarks", "on both sides")


@pytest.mark.heavy
@pytest.mark.parametrize("kind", [AsvProject, PyperfProject])
def test_a_hang_is_killed_with_its_children(
    tmp_path: Path, kind: type[AsvProject | PyperfProject]
) -> None:
    pid = tmp_path / "pid"
    hang = (
        "import subprocess, time\n"
        "def time_one():\n"
        "    child = subprocess.Popen(['sleep', '600'])\n"
        f"    open({str(pid)!r}, 'w').write(str(child.pid))\n"
        "    time.sleep(600)\n"
    )
    hang += "time_one()\n" if kind is PyperfProject else ""
    project = kind(tmp_path / "demo", hang)
    project.replace("pyproject.toml", "process-seconds = 60", "process-seconds = 5")
    run = project.bench("--compare-with", "v9")
    assert run.code == 1, str(run)
    assert run.check("benchmarks")["status"] == "timed-out"
    assert not is_running(int(pid.read_text()))


@pytest.mark.heavy
def test_names_that_vary_give_no_verdict(tmp_path: Path) -> None:
    suite = "runner.bench_time_func(f'pid {os.getpid()}', takes(1))\n"
    project = PyperfProject(tmp_path / "demo", suite)
    project.write(
        "asv.conf.json", ASV_SETTINGS.replace('"benchmarks"', '"benchmarks/asv"')
    )
    project.write(
        "benchmarks/asv/suite.py",
        "import os\ndef time_pid(pid): pass\ntime_pid.params = [os.getpid()]\n",
    )
    run = project.bench("--compare-with", "v9")
    assert_green(run)
    assert set(verdicts_of(run).values()) == {"unstable"}
    names = set(verdicts_of(run))
    assert any(name.startswith("time_pid[") for name in names)
    assert any(name.startswith("pid ") for name in names)


def test_a_script_needs_pyperf_in_the_environment(tmp_path: Path) -> None:
    project = PyperfProject(tmp_path / "demo", PYPERF_BASE)
    uv = project.tools / "uv"
    uv.write_text(
        uv.read_text().replace("write_text(sysconfig", 'write_text("" and sysconfig')
    )
    expected = "pyperf is not in the environment"
    assert_not_run(project.bench(), "benchmarks", expected)


def test_suites_are_found_by_what_they_are(tmp_path: Path) -> None:
    def write(name: str, text: str) -> None:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")

    write("benchmarks/test_times.py", "")
    write("benchmarks/bench_pyperf.py", "import pyperf\nrunner = pyperf.Runner()\n")
    write("benchmarks/helper.py", "# import pyperf; pyperf.Runner()\n")
    assert find_kinds(tmp_path, ["benchmarks"]) == SuiteKinds(
        ("benchmarks",), (), ("benchmarks/bench_pyperf.py",)
    )
    write("asv_bench/asv.conf.json", ASV_SETTINGS)
    write("asv_bench/benchmarks/times.py", "from pyperf import Runner\nRunner()\n")
    assert find_kinds(tmp_path, ["asv_bench"]) == SuiteKinds(
        (), ("asv_bench/benchmarks",), ()
    )
    # Benchmarks for pytest may have any name.
    write("perf/bench_pytest.py", "def bench_work(benchmark): pass\n")
    assert find_kinds(tmp_path, ["perf"]) == SuiteKinds(("perf",), (), ())
    write("asv.conf.json", "{}")
    assert find_kinds(tmp_path, ["benchmarks", "perf"]).asv == ("benchmarks",)
    write("asv.conf.json", '{"benchmark_dir": "../elsewhere"}')
    assert find_kinds(tmp_path, ["benchmarks"]).asv == ()
