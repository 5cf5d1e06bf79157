"""Which jobs with benchmarks a workflow has, and why it has none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import pytest

from ci_engine.changes.affected_packages import affected_by
from ci_engine.changes.categories import Classifier
from ci_engine.changes.decision import decide
from ci_engine.configuration.loading import load_configuration
from ci_engine.github.event import Event
from ci_engine.project.repository import read_project
from ci_engine.workflow_jobs.benchmark_jobs import with_benchmarks
from ci_engine.workflow_jobs.jobs import plan_jobs
from ci_engine.workflow_jobs.package_jobs import PackageChanges
from tests.support.monorepos import graph_of, package, pyproject

PULL_REQUEST = Event(name="pull_request", pull_request=7)
SUITE = "tests/benchmarks/test_a.py"
LOAD = '[tool.ci-framework.performance.load]\ncommand = "serve {port}"\n'
USERS = "tests/load/locustfile.py"
ALONE = {"pyproject.toml": pyproject("demo"), "src/demo/__init__.py": "", SUITE: ""}
SEVERAL = {
    "pyproject.toml": "",
    **package("packages/core"),
    **package("packages/cli", "core"),
    f"packages/core/{SUITE}": "",
}


def planned(
    directory: Path,
    files: dict[str, str],
    *paths: str,
    event: Event = PULL_REQUEST,
    suite: tuple[str, ...] = ("tests/benchmarks",),
) -> tuple[list[dict[str, str]], dict[str, str]]:
    """The jobs for a change of some paths, and why jobs are left out."""
    graph = graph_of(directory, files)
    tables = {"performance": {"benchmark-suite": list(suite)}}
    loaded = load_configuration(directory, {}, dict(tables))
    kinds = Classifier(loaded.patterns, loaded.settings)
    decision = decide(kinds, paths, "base", "head")
    affected = affected_by(graph, kinds, decision)
    changes = PackageChanges(graph, affected, planned=True)
    jobs = with_benchmarks(
        plan_jobs(decision, loaded, event),
        read_project(directory),
        decision,
        changes,
        loaded,
        event,
    )
    matrix = json.loads(jobs.outputs()["benchmark-matrix"])
    found = cast("list[dict[str, str]]", matrix["include"])
    return found, dict(jobs.skips)


@pytest.mark.parametrize("path", ["src/demo/__init__.py", "uv.lock", SUITE, "odd"])
def test_code_and_benchmarks_that_change_are_compared(
    tmp_path: Path, path: str
) -> None:
    (job,), skips = planned(tmp_path, ALONE, path)
    assert (job["label"], job["package"]) == ("benchmarks", "")
    assert job["platform"] == "linux"
    assert "benchmarks" not in skips


@pytest.mark.parametrize(
    ("path", "event", "suite", "because"),
    [
        ("README.md", PULL_REQUEST, ("tests/benchmarks",), "no code"),
        ("tests/test_a.py", PULL_REQUEST, ("tests/benchmarks",), "no code"),
        ("src/demo/a.py", Event(name="push"), ("tests/benchmarks",), "once a week"),
        ("src/demo/a.py", PULL_REQUEST, (), "turned off"),
        ("src/demo/a.py", PULL_REQUEST, ("perf",), "has no benchmarks: perf"),
    ],
)
def test_a_reason_is_recorded_where_nothing_is_compared(
    tmp_path: Path, path: str, event: Event, suite: tuple[str, ...], because: str
) -> None:
    jobs, skips = planned(tmp_path, ALONE, path, event=event, suite=suite)
    assert jobs == []
    assert because in skips["benchmarks"]
    assert "benchmark-history" not in skips


def test_the_weekly_run_without_benchmarks_adds_nothing(tmp_path: Path) -> None:
    event = Event(name="schedule", ref="refs/heads/main", default_branch="main")
    assert planned(tmp_path, ALONE, event=event)[1] == {
        "comment": "there is no pull request"
    }
    _, skips = planned(tmp_path, ALONE, event=event, suite=("perf",))
    assert {"benchmarks", "benchmark-history"} <= skips.keys()


def test_each_affected_package_with_benchmarks_has_a_job(tmp_path: Path) -> None:
    jobs, _ = planned(tmp_path, SEVERAL, "packages/core/src/core/__init__.py")
    assert [job["label"] for job in jobs] == ["benchmarks-core"]
    jobs, skips = planned(tmp_path, SEVERAL, "packages/cli/src/cli/__init__.py")
    assert jobs == []
    assert "what the change touches has no benchmarks" in skips["benchmarks"]


def test_a_load_test_has_a_job_once_its_server_has_a_command(tmp_path: Path) -> None:
    files = {**ALONE, USERS: "", "tests/load/server.py": ""}
    jobs, _ = planned(tmp_path / "a", files, "tests/load/server.py")
    assert [job["label"] for job in jobs] == ["benchmarks"]
    files["pyproject.toml"] += LOAD
    jobs, _ = planned(tmp_path / "b", files, "tests/load/server.py")
    assert [(job["label"], job["suite"]) for job in jobs] == [
        ("benchmarks", ""),
        ("load-test", "load"),
    ]
    jobs, _ = planned(tmp_path / "c", files, "README.md")
    assert jobs == []


def test_a_load_test_alone_runs_each_week_and_has_no_history(tmp_path: Path) -> None:
    files = {"pyproject.toml": pyproject("demo") + LOAD, USERS: ""}
    event = Event(name="schedule", ref="refs/heads/main", default_branch="main")
    jobs, skips = planned(tmp_path, files, event=event, suite=())
    assert [job["label"] for job in jobs] == ["load-test"]
    assert "benchmark-history" in skips
    assert "benchmarks" not in skips


def test_a_package_has_the_load_test_of_its_own_settings(tmp_path: Path) -> None:
    files = {**SEVERAL, f"packages/cli/{USERS}": "", f"packages/core/{USERS}": ""}
    files["packages/cli/pyproject.toml"] += LOAD
    jobs, _ = planned(tmp_path, files, "packages/core/src/core/__init__.py")
    labels = [job["label"] for job in jobs]
    assert labels == ["benchmarks-core", "load-test-cli"]
