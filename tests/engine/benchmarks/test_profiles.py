"""Memory and instructions are counted, and slow benchmarks are profiled."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from ci_engine.benchmarks.counting import Counts
from ci_engine.benchmarks.profiling import choose, describe_growth, self_shares
from ci_engine.environments import inside
from ci_engine.findings.benchmark_results import BenchmarkResult, BenchmarkVerdict
from tests.support.benchmark_suites import BenchmarkProject, benchmarks_of
from tests.support.projects import Json, Run, assert_green, git, install_tool, program

WORK = """
def quick():
    return [number for number in range(20_000)]

def slow():
    return [number * number for number in range({0})]

def test_work(benchmark):
    benchmark(lambda: (quick(), slow()))

def test_once(benchmark):
    benchmark.pedantic(bytearray, args=(500_000,), rounds=1)
"""


def make(tmp_path: Path, before: int, after: int) -> BenchmarkProject:
    project = BenchmarkProject(tmp_path / "demo", WORK.format(before))
    project.suite(WORK.format(after))
    project.replace(
        "pyproject.toml", "\nprocess-seconds", "\ncounting-processes = 2\n"
        "process-seconds"
    )  # fmt: skip
    return project


def notes_of(run: Run) -> str:
    return "\n".join(run.check("benchmarks")["notes"])


def metrics_of(run: Run, test: str) -> dict[str, Json]:
    return {each["name"]: each for each in benchmarks_of(run)[test]["metrics"]}


@pytest.mark.heavy
def test_memory_that_grows_is_red_and_where_the_time_went_is_named(
    tmp_path: Path,
) -> None:
    project = make(tmp_path, 1000, 80_000)
    install_tool(project, "py-spy")
    install_tool(project, "memray")
    run = project.bench("--compare-with", "HEAD", "--profile", "--threshold", "5000%")
    assert run.code == 1, str(run)
    assert sorted(set(run.rules("benchmarks"))) == [
        "benchmark-allocations",
        "benchmark-peak-memory",
    ]
    memory = metrics_of(run, "test_work")["peak-memory"]
    assert memory["grown"]
    assert memory["threshold"] == 0.2
    assert 700_000 < memory["base"] < 1_000_000
    assert 3_000_000 < memory["head"] < 5_000_000
    once = metrics_of(run, "test_once")["peak-memory"]
    assert not once.get("grown")
    assert 500_000 <= once["base"] == once["head"] < 501_000
    assert "peak-memory" in run.summary
    assert "KiB" in run.stdout
    profiles = project.root / ".ci-framework" / "bench" / "profiles"
    # Nothing became slower than accepted, so the slowest ones are shown.
    assert "slow (benchmarks/test_times.py) grew from " in notes_of(run)
    assert "quick (" not in notes_of(run)
    for side in ("base", "head"):
        assert "<svg" in (profiles / f"1-test_work-{side}.svg").read_text()
        page = (profiles / f"1-test_work-{side}-memory.html").read_text()
        assert "test_times.py" in page
        assert 'src="http' not in page


@pytest.mark.heavy
def test_where_profiles_are_not_permitted_the_run_reports_it(tmp_path: Path) -> None:
    project = make(tmp_path, 1000, 1000)
    project.replace("pyproject.toml", "\ncounting-processes = 2", "")
    install_tool(project, "py-spy")
    entry = next((project.cache / "tools").glob("py-spy-*.placed"))
    (entry / "bin").unlink()
    denied = "Error: Permission Denied: Try running again with elevated permissions"
    program(entry / "bin", "py-spy", f"import sys; sys.exit({denied!r})")
    program(entry / "bin", "python", "import sys; sys.exit(9)")
    run = project.bench("--compare-with", "HEAD", "--profile", "--threshold", "900%")
    assert_green(run)
    assert f"(ptrace): {denied}; a container needs the capability" in notes_of(run)


@pytest.mark.heavy
def test_what_cannot_be_counted_has_a_reason(tmp_path: Path) -> None:
    project = make(tmp_path, 10, 10)
    git(project.root, "commit", "--quiet", "--all", "--message", "same")
    project.suite("def test_one(takes): takes(1)\n")
    project.write("benchmarks/memray.py", "raise ImportError('not for this system')\n")
    run = project.bench("--compare-with", "v9")
    assert_green(run)
    assert "memory not measured: memray cannot be imported: not for" in notes_of(run)
    assert not benchmarks_of(run)["test_one"].get("metrics")


def test_the_system_counts_only_during_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = str(inside.DIRECTORY / "pytest_plugin")
    monkeypatch.setattr(sys, "path", [plugin, *sys.path])
    counting = importlib.import_module("ci_framework_counting")
    # The clock of a thread, which every Linux has, stands for the processor.
    monkeypatch.setattr(counting, "_HARDWARE", 1)
    counter = counting.InstructionCounter()
    if counter.reason:
        pytest.skip(counter.reason)
    for size in (1_000_000, 10):
        with counter.counting():
            sum(range(size))
    assert 0 < counter.result()["instructions"] < 1_000_000


@pytest.mark.parametrize(
    ("base", "head", "grown"),
    [
        ([100_000, 101_000], [130_000, 131_000], True),
        # One process of the head needs no more than the base.
        ([100_000, 101_000], [110_000, 131_000], False),
        ([100_000, 101_000], [90_000, 90_000], False),
        # A few KiB are the growth of a cache.
        ([1000, 1000], [9000, 9000], False),
        ([], [9000], False),
    ],
)
def test_memory_has_grown_if_every_process_agrees(
    base: list[float], head: list[float], grown: bool
) -> None:
    counts = Counts()
    counts.values["base"]["test"] = {"peak-memory": base, "instructions": base}
    counts.values["head"]["test"] = {"peak-memory": head, "instructions": head}
    assert counts.has_grown("test", "peak-memory", 0.2) is grown
    assert not counts.has_grown("test", "instructions", 0.2)


def test_the_share_of_a_function_is_that_of_its_own_code() -> None:
    run = "pytest (p.py);X.<locals>.ci_framework_call (c.py)"
    stacks = [
        "start (pytest.py) 500",
        f"{run};parse (/w/src/a.py) 20",
        f"{run};parse (/w/src/a.py);split.<locals>.<listcomp> (/w/src/a.py:7) 30",
        f"{run};parse (/w/src/a.py);loads (/v/lib/site-packages/json.py) 50",
    ]
    shares = self_shares(stacks, Path("/w"))
    assert shares == {
        "parse (src/a.py)": 0.2,
        "split (src/a.py)": 0.3,
        "loads (json.py)": 0.5,
    }
    assert describe_growth({"parse (src/a.py)": 0.8, "split (src/a.py)": 0.2}, shares) \
        == "loads (json.py) grew from 0% to 50% of the time, " \
           "split (src/a.py) grew from 20% to 30% of the time"  # fmt: skip
    assert describe_growth(shares, shares).startswith("no function takes a larger")
    assert self_shares(stacks[:2], Path("/w")) == {}


def result(name: str, verdict: BenchmarkVerdict, head: float) -> BenchmarkResult:
    return BenchmarkResult(
        name=name, verdict=verdict, threshold=0.1, head=head, ratio=head
    )


def test_regressions_are_profiled_before_the_slowest() -> None:
    same = [result(f"same{number}", "unchanged", number) for number in range(5)]
    slower = [result("a", "regression", 0.2), result("b", "regression", 0.3)]
    assert [each.name for each in choose([*same, *slower])] == ["b", "a"]
    assert [each.name for each in choose(same)] == ["same4", "same3", "same2"]
