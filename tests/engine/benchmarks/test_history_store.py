"""Storing the history of benchmarks: permissions, and concurrent writers."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ci_engine.benchmarks.history import add_runs, read_history
from ci_engine.benchmarks.history_store import (
    HistoryBranch,
    history_branch,
    store_in_directory,
)
from ci_engine.errors import ToolError
from ci_engine.github.branch_writer import BranchWriter, ReadOnlyError
from ci_engine.processes.child_environment import child_variables
from ci_engine.project.git import Git
from tests.support.benchmark_history import NAME, a_run, commit_of, text_of
from tests.support.benchmark_suites import BenchmarkProject
from tests.support.projects import Json, Run, git

BRANCH = "ci-framework/benchmarks"


def remote_of(project: BenchmarkProject) -> Path:
    """A bare repository that the project is pushed to."""
    remote = project.root.with_name("remote.git")
    git(project.root, "init", "--quiet", "--bare", str(remote))
    git(project.root, "remote", "add", "origin", str(remote))
    git(project.root, "push", "--quiet", "origin", "HEAD:refs/heads/main")
    return remote


def branch_of(clone: Path) -> HistoryBranch:
    return HistoryBranch(BranchWriter(Git(clone), "origin", BRANCH))


def lines_of(remote: Path) -> list[Json]:
    text = git(remote, "show", f"{BRANCH}:benchmarks.jsonl")
    return [json.loads(line) for line in text.splitlines()]


def history_check(run: Run) -> Json:
    return run.check("benchmark-history")


@pytest.mark.parametrize("kind", ["branch", "directory"])
def test_two_writers_lose_nothing(tmp_path: Path, kind: str) -> None:
    remote = tmp_path / "remote.git"
    git(tmp_path, "init", "--quiet", "--bare", str(remote))

    def write(number: int) -> None:
        def change(text: str) -> str:
            return add_runs(text, [a_run(number)], "history")

        if kind == "directory":
            store_in_directory(tmp_path / "history", change)
            return
        clone = tmp_path / f"clone-{number}"
        git(tmp_path, "clone", "--quiet", str(remote), str(clone))
        branch_of(clone).store(change)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    if kind == "directory":
        text = (tmp_path / "history" / "benchmarks.jsonl").read_text()
        commits = [run.commit for run in read_history(text, "history")]
    else:
        commits = [line["commit"] for line in lines_of(remote)]
    assert sorted(commits) == [commit_of(number) for number in range(4)]


def test_a_push_that_is_refused_for_good_is_distinguished_from_a_race(
    tmp_path: Path,
) -> None:
    remote, clone = tmp_path / "remote.git", tmp_path / "clone"
    git(tmp_path, "init", "--quiet", "--bare", str(remote))
    git(tmp_path, "clone", "--quiet", str(remote), str(clone))
    hook = remote / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    branch = branch_of(clone)
    hook.write_text("#!/bin/sh\necho 'remote: permission denied to bot' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(ReadOnlyError, match="denied to bot"):
        branch.store(lambda _: text_of(a_run(1)))
    (remote / "objects").rename(remote / "gone")
    with pytest.raises(ToolError) as error:
        branch.store(lambda _: text_of(a_run(1)))
    assert not isinstance(error.value, ReadOnlyError)


def test_the_token_reaches_git_and_no_other_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI_ENGINE_PUSH_TOKEN", "secret")
    assert "secret" not in child_variables().values()
    git(tmp_path, "init", "--quiet")
    branch = history_branch(tmp_path, BRANCH, {"CI_ENGINE_PUSH_TOKEN": "secret"})
    request = "protocol=https\nhost=github.com\n\n"
    answer = branch.writer.git.answer("credential", "fill", text=request)
    assert b"username=x-access-token\npassword=secret\n" in answer
    assert "secret" not in " ".join(branch.writer.git.options)


@pytest.mark.heavy
def test_the_default_branch_is_stored_and_its_history_is_reported(
    tmp_path: Path,
) -> None:
    project = BenchmarkProject(tmp_path / "demo", "def test_one(takes): takes(1.5)\n")
    remote = remote_of(project)
    # What was stored before, on the processor of this machine.
    first = project.bench("--store", str(tmp_path / "elsewhere"))
    assert history_check(first)["status"] == "passed", str(first)
    (line,) = (tmp_path / "elsewhere" / "benchmarks.jsonl").read_text().splitlines()
    cpu, suite = json.loads(line)["cpu"], json.loads(line)["suite"]
    old = [a_run(n, 1 + n % 3 / 100, cpu=cpu, suite=suite) for n in range(1, 12)]
    old += [a_run(n, 1.5, cpu=cpu, suite=suite) for n in (12, 13)]
    branch_of(project.root).store(lambda _: text_of(*old))
    before = git(project.root, "status", "--porcelain")
    # With the real uv, which installs ruptures.
    run = project.run(
        *("bench", "--results", str(first.reports.parent), "--store"),
        *("--report-dir", "out"),
        variables={"GITHUB_ACTIONS": "true", **event(project, "schedule")},
    )
    assert run.code == 0, str(run)
    assert git(project.root, "status", "--porcelain").replace("?? out/\n", "") == before
    stored = lines_of(remote)
    assert len(stored) == 14
    assert stored[-1]["commit"] == git(project.root, "rev-parse", "HEAD").strip()
    assert stored[-1]["seconds"] == {NAME: 1.5}
    assert "::warning file=benchmarks/test_times.py" in run.stderr
    assert f"{NAME} takes 49%25 longer since commit {12:012x}" in run.stderr
    reports = project.root / "out"
    page = (reports / "trend.html").read_text(encoding="utf-8")
    assert "14 runs, 1 benchmark, 1 with a lasting change" in page
    assert "+49%" in page
    trend = json.loads((reports / "trend.json").read_text(encoding="utf-8"))
    (change,) = trend["series"][0]["changes"]
    assert (change["position"], change["alert"]) == (11, True)
    assert "xychart-beta" in (reports / "trend.md").read_text(encoding="utf-8")


def event(
    project: BenchmarkProject,
    name: str,
    ref: str = "refs/heads/main",
    fork: bool = False,
) -> dict[str, str]:
    """The variables of a workflow run."""
    repository = {"default_branch": "main", "full_name": "someone/demo"}
    facts: Json = {"repository": repository}
    if name == "pull_request":
        repo = {"full_name": "fork/demo" if fork else "someone/demo"}
        facts |= {"pull_request": {"number": 7, "head": {"sha": "", "repo": repo}}}
    path = project.root.with_name(f"{name}-{fork}.json")
    path.write_text(json.dumps(facts))
    return {
        "GITHUB_EVENT_NAME": name,
        "GITHUB_EVENT_PATH": str(path),
        "GITHUB_REF": ref,
    }


@pytest.mark.heavy
def test_other_branches_and_forks_are_not_stored_and_not_red(tmp_path: Path) -> None:
    project = BenchmarkProject(tmp_path / "demo", "def test_one(takes): takes(1)\n")
    remote = remote_of(project)
    measured = project.bench()
    again = ("--results", str(measured.reports.parent), "--report-dir", "out")
    for given, reason in (
        (event(project, "pull_request", fork=True), "comes from a fork"),
        (event(project, "pull_request"), "this is a pull request"),
        (event(project, "push", "refs/heads/topic"), "and this is topic"),
    ):
        run = project.bench(*again, "--store", variables={**given})
        assert run.code == 0, str(run)
        assert f"{reason}" in run.stdout, str(run)
    git(project.root, "checkout", "--quiet", "-b", "topic")
    run = project.bench(*again, "--store", str(tmp_path / "history"))
    assert run.code == 0, str(run)
    assert "only main or master is stored, and this is topic" in run.stdout
    assert not (tmp_path / "history").exists()
    git(project.root, "checkout", "--quiet", "main")
    project.suite("def test_one(takes): takes(2)\n")
    changed = project.bench("--store", str(tmp_path / "history"), "--threshold", "200%")
    reason = "there is no time of a committed state to add"
    assert history_check(changed)["reason"] == reason
    assert git(remote, "branch", "--list", BRANCH) == ""
    alone = project.bench("--results", "x", "--store=false")
    assert "--results: expected together with --store" in alone.stderr
