"""The history of benchmarks: what is kept, by whom, and what it shows."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ci_engine.benchmarks.change_points import changes_of
from ci_engine.benchmarks.history import add_runs, read_history, series_of
from ci_engine.benchmarks.history_store import (
    HistoryBranch,
    history_branch,
    store_in_directory,
)
from ci_engine.configuration.defaults import read_defaults
from ci_engine.errors import ToolError
from ci_engine.findings.benchmark_history import (
    ChangePoint,
    HistoryRun,
    Trend,
)
from ci_engine.github.branch_writer import BranchWriter, ReadOnlyError
from ci_engine.processes.child_environment import child_variables
from ci_engine.project.git import Git
from ci_engine.reports.trend_page import to_trend_markdown, to_trend_page
from tests.support.benchmark_suites import BenchmarkProject
from tests.support.projects import Json, Run, git

BRANCH = "ci-framework/benchmarks"
NAME = "benchmarks/test_times.py::test_one"


def commit_of(number: int) -> str:
    return f"{number:012x}".ljust(40, "0")


def a_run(
    number: int,
    seconds: float = 1.0,
    *,
    cpu: str = "A",
    suite: str = "full",
    package: str = "",
) -> HistoryRun:
    return HistoryRun(
        commit=commit_of(number),
        date=f"2026-01-{number % 28 + 1:02}T00:00:00+00:00",
        seconds={NAME: seconds},
        cpu=cpu,
        suite=suite,
        package=package,
    )


def text_of(*runs: HistoryRun) -> str:
    return add_runs("", runs, "history")


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


def test_a_run_that_is_repeated_replaces_itself() -> None:
    text = text_of(a_run(1), a_run(2))
    runs = read_history(add_runs(text, [a_run(1, 3.0)], "history"), "history")
    assert [(run.commit[11], run.seconds[NAME]) for run in runs] == [("2", 1), ("1", 3)]
    other = add_runs(text, [a_run(1, cpu="B"), a_run(1, package="p")], "history")
    assert len(read_history(other, "history")) == 4


def test_a_broken_history_is_never_guessed() -> None:
    with pytest.raises(ToolError, match=r"^history:2: unexpected content"):
        add_runs(text_of(a_run(1)) + "{}\n", [a_run(2)], "history")


def test_benchmarks_that_are_gone_are_not_shown() -> None:
    gone = HistoryRun(
        commit="0" * 40, date="2025", suite="full", cpu="A", seconds={"gone": 1.0}
    )
    (series,) = series_of([gone, a_run(1), a_run(2, cpu="B"), a_run(3)])
    assert (series.name, len(series.points), series.comparable) == (NAME, 3, [0, 2])
    packages = series_of([a_run(1, package="one"), a_run(2, package="two")])
    assert [each.name for each in packages] == [f"one: {NAME}", f"two: {NAME}"]


@pytest.mark.parametrize(
    ("times", "breaks", "changes"),
    [
        ([1.0] * 7 + [1.3] * 3, [7], [(8, 1.3, True)]),
        # Reported when it was new.
        ([1.0] * 4 + [1.3] * 6, [4], [(5, 1.3, False)]),
        # Faster, or slower within the threshold of 10 %: no alert.
        ([1.0] * 7 + [0.7] * 3, [7], [(8, 0.7, False)]),
        ([1.0] * 7 + [1.08] * 3, [7], [(8, 1.08, False)]),
        # Hardly different.
        ([1.0] * 7 + [1.03] * 3, [7], []),
        (
            [1.0] * 4 + [2.0] * 3 + [1.0] * 3,
            [4, 7],
            [(5, 2.0, False), (8, 0.5, False)],
        ),
    ],
)
def test_recent_slowdowns_alert_once_they_lasted(
    times: list[float], breaks: list[int], changes: list[tuple[int, float, bool]]
) -> None:
    runs = [a_run(number, seconds) for number, seconds in enumerate(times)]
    # One run on another processor: breaks count comparable points only.
    (series,) = series_of([*runs[:2], a_run(99, 9.0, cpu="B"), *runs[2:]])
    found = changes_of(series, breaks, read_defaults().performance.defaults)
    assert [(c.position, pytest.approx(c.ratio), c.alert) for c in found] == changes


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


def test_a_push_that_is_refused_for_good_is_told_from_a_race(tmp_path: Path) -> None:
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


class _Page(HTMLParser):
    """What a page refers to, and the texts of its plots."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]


def test_the_page_has_one_plot_for_each_benchmark_and_needs_nothing_else() -> None:
    awkward = 'tests/a.py::test_x[</svg><script>|"@you`]'
    runs = [
        HistoryRun(
            commit=f"{n:040x}",
            date="2026-01-01",
            suite="full",
            cpu="B" if n == 2 else "A",
            seconds={NAME: 1e-6 * (1 + n), awkward: 2.0},
        )
        for n in range(6)
    ]
    series = series_of(runs)
    slower = [ChangePoint(position=3, ratio=1.4, alert=True)]
    series = [
        type(each)(
            name=each.name,
            benchmark=each.benchmark,
            points=each.points,
            changes=slower if each.name == NAME else [],
        )
        for each in series
    ]
    trend = Trend(runs=len(runs), series=series)
    page = _Page()
    text = to_trend_page(trend, "demo")
    page.feed(text)
    assert page.tags.count("svg") == 2
    assert page.tags.count("circle") == 12
    assert text.count('class="time other"') == 2
    assert page.links == ["data:,"]
    assert "script" not in page.tags
    # Whoever opens it first sees what became slower.
    assert text.index(f"<h2>{NAME}") < text.index("<h2>tests/a.py")
    markdown = to_trend_markdown(trend)
    assert "<script>" not in markdown
    rows = [row for row in markdown.splitlines() if row.startswith("| ")]
    assert [len(re.findall(r"(?<!\\)\|", row)) for row in rows] == [5, 5, 5]
    assert f'title "{NAME}"' in markdown
    assert 'y-axis "us" 0 --> ' in markdown


def test_a_history_without_runs_or_with_one_is_a_page(tmp_path: Path) -> None:
    assert "0 runs" in to_trend_page(Trend(runs=0, series=[]), "demo")
    one = Trend(runs=1, series=series_of([a_run(1)]), unsearched="too few")
    assert "too few" in to_trend_page(one, "demo")
    assert "NaN" not in to_trend_page(one, "demo")
    assert "nan" not in to_trend_markdown(one)
