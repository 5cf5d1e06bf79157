"""The page of the summary: the verdict, the failures, the skipped jobs."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from ci_engine.findings.benchmark_results import BenchmarkResult, Comparison
from ci_engine.findings.results import (
    CheckResult,
    Finding,
    RunResult,
    Status,
    TestCase,
    Verdict,
    verdict_of,
)
from ci_engine.reports.gathered import gather_jobs, read_jobs
from ci_engine.reports.page import clip
from tests.support.projects import DemoProject, Run

NASTY = "<b>@someone | x\ny"


def matrix_job(
    location: Path, name: str, *checks: CheckResult, command: str = "gate"
) -> None:
    """Write the report of one run, as if its artifact had been downloaded."""
    result = RunResult(
        command=command,
        verdict=verdict_of(list(checks)),
        python="3.12.1",
        checks=list(checks),
        tier="extended",
        seconds=12.34,
    )
    (location / name).mkdir(parents=True)
    (location / name / "result.json").write_bytes(msgspec.json.encode(result))


def passed(name: str = "lint", seconds: float = 1.0) -> CheckResult:
    return CheckResult(id=name, seconds=seconds)


def failed(name: str = "lint", message: str = NASTY) -> CheckResult:
    finding = Finding(
        tool="ruff", rule="F401", message=message, path="src/a.py", line=3
    )
    rerun = f"ci-framework/ci gate --only {name}"
    return CheckResult(
        id=name, status=Status.FAILED, findings=[finding], new=1, rerun=rerun
    )


def summary(
    project: DemoProject,
    *words: str,
    needs: object = None,
    skips: object = None,
    **variables: str | None,
) -> Run:
    given = {
        "NEEDS": json.dumps(needs) if needs is not None else None,
        "SKIPS": json.dumps(skips) if skips is not None else None,
    }
    return project.run("summary", *words, variables={**given, **variables})


def jobs(**results: str) -> dict[str, dict[str, object]]:
    """GitHub's context of that name, as far as it matters."""
    return {
        name.replace("_", "-"): {"result": result, "outputs": {"x": "y"}}
        for name, result in results.items()
    }


@pytest.fixture
def reports(project: DemoProject) -> Path:
    return project.root / ".ci-framework"


GREEN, RED, ERROR = 0, 1, 3


@pytest.mark.parametrize(
    ("results", "skips", "code"),
    [
        ({"a": "success", "b": "success"}, {}, GREEN),
        ({"a": "success", "b": "failure"}, {}, RED),
        ({"a": "success", "b": "failure"}, {"b": "because"}, RED),
        ({"a": "success", "b": "cancelled"}, {}, ERROR),
        ({"a": "success", "b": "cancelled"}, {"b": "because"}, ERROR),
        ({"a": "success", "b": "skipped"}, {}, ERROR),
        ({"a": "success", "b": "skipped"}, {"b": ""}, ERROR),
        ({"a": "success", "b": "skipped"}, {"a": "because"}, ERROR),
        ({"a": "success", "b": "skipped"}, {"b": "because"}, GREEN),
        ({"a": "cancelled", "b": "failure"}, {}, RED),
        ({"a": "something new"}, {}, ERROR),
    ],
)
def test_a_job_is_green_by_success_or_by_a_recorded_reason(
    results: dict[str, str], skips: dict[str, str], code: int, project: DemoProject
) -> None:
    run = summary(project, needs=jobs(**results), skips=skips)
    assert run.code == code, str(run)
    assert run.result["verdict"] == {GREEN: "green", RED: "red", ERROR: "error"}[code]
    for name, result in results.items():
        assert f"| {name} | {result} |" in run.stdout


@pytest.mark.parametrize(
    ("checks", "code"),
    [
        ([passed()], GREEN),
        ([passed(), failed("test")], RED),
        ([CheckResult(id="test", status=Status.NOT_RUN, reason="no uv")], ERROR),
        ([], ERROR),
    ],
)
def test_a_run_that_is_not_green_makes_the_whole_not_green(
    checks: list[CheckResult], code: int, project: DemoProject, reports: Path
) -> None:
    matrix_job(reports, "gate-linux-py3.12-1", *checks)
    matrix_job(reports, "gate-quick-checks-1", passed())
    assert summary(project, needs=jobs(a="success")).code == code


def test_nothing_to_judge_is_wrong_usage_or_an_error(
    project: DemoProject, reports: Path
) -> None:
    run = summary(project)
    assert run.code == 2
    assert "no such directory" in run.stderr
    reports.mkdir()
    assert summary(project).code == 3
    assert summary(project, "--reports", "nowhere", needs=jobs(a="success")).code == 0


@pytest.mark.parametrize("content", [b"", b"{}", b'{"schema": 1, "verdict": "blue"}'])
def test_a_report_that_cannot_be_read_is_never_green(
    content: bytes, project: DemoProject, reports: Path
) -> None:
    matrix_job(reports, "gate-quick-checks-1", passed())
    (reports / "gate-other-1").mkdir()
    (reports / "gate-other-1" / "result.json").write_bytes(content)
    run = summary(project, needs=jobs(a="success"))
    assert run.code == 3
    assert "could not be read: gate-other" in run.stdout


@pytest.mark.parametrize("variable", ["NEEDS", "SKIPS"])
def test_broken_facts_about_jobs_are_wrong_usage(
    variable: str, project: DemoProject
) -> None:
    run = summary(project, **{variable: "{"})
    assert run.code == 2
    assert variable in run.stderr


def test_a_job_that_was_run_again_is_judged_by_its_last_run(
    project: DemoProject, reports: Path
) -> None:
    for attempt, checks in ((2, [failed()]), (10, [passed()]), (1, [failed()])):
        matrix_job(reports, f"gate-linux-py3.12-{attempt}", *checks)
    matrix_job(reports, "gate-linux-py3.13-1", passed())
    run = summary(project, needs=jobs(a="success"))
    assert run.code == 0, str(run)
    matrix_jobs, unread = gather_jobs(reports)
    names = ["gate-linux-py3.12", "gate-linux-py3.13"]
    assert ([found.name for found in matrix_jobs], unread) == (names, [])


def test_the_page_of_an_earlier_run_is_no_run(
    project: DemoProject, reports: Path
) -> None:
    matrix_job(reports, "gate", passed())
    assert summary(project, needs=jobs(a="failure")).code == 1
    assert summary(project).code == 0
    deep = reports / "environments" / "x" / "site-packages"
    matrix_job(deep, "package", failed())
    assert summary(project).code == 0


def test_a_failure_is_shown_with_its_location_and_what_repeats_it(
    project: DemoProject, reports: Path
) -> None:
    matrix_job(reports, "gate-quick-checks-1", failed(), passed("format"))
    run = summary(project, needs=jobs(quick_checks="failure"))
    page = run.stdout
    assert "| gate-quick-checks | red | lint: FAILED | Python 3.12.1 | 12.3 |" in page
    assert "`src/a.py:3` **F401**" in page
    assert "Again: `ci-framework/ci gate --only lint`" in page
    assert (run.reports / "summary.md").read_text(encoding="utf-8") == page
    html = (run.reports / "report.html").read_text(encoding="utf-8")
    assert "gate-quick-checks: lint" in html
    assert "<code>src/a.py:3</code>" in html


def test_no_text_of_a_tool_is_markup_or_calls_a_person(
    project: DemoProject, reports: Path
) -> None:
    bad = CheckResult(id="test", status=Status.NOT_RUN, reason=NASTY)
    matrix_job(reports, "gate-quick-checks-1", failed(), bad)
    run = summary(project, needs=jobs(a="skipped"), skips={"a": NASTY})
    assert "<b>" not in run.stdout
    assert "@someone" not in run.stdout
    rows = [line for line in run.stdout.splitlines() if line.startswith("| a |")]
    assert rows
    assert all(row.replace("\\|", "").count("|") == 4 for row in rows)


def test_what_was_left_out_is_listed_once_with_its_reason(
    project: DemoProject, reports: Path
) -> None:
    skipped = CheckResult(id="hooks", status=Status.SKIPPED, reason="none are set up")
    matrix_job(reports, "gate-a-1", passed(), skipped)
    matrix_job(reports, "gate-b-1", passed(), skipped)
    needs = jobs(tests="skipped", other="skipped", a="success")
    page = summary(project, needs=needs, skips={"tests": "only docs"}).stdout
    tail = page.partition("### Skipped")[2].strip().splitlines()
    assert tail == [
        "- tests: only docs",
        "- other: no reason was recorded",
        "- hooks: none are set up",
    ]


def test_security_says_what_ran_and_that_nothing_did(
    project: DemoProject, reports: Path
) -> None:
    matrix_job(reports, "gate-a-1", passed())
    assert "No security check was part of this run." in summary(project).stdout
    scan = failed("security")
    scan.tool = "bandit 1.9"
    matrix_job(reports, "gate-b-1", scan)
    page = summary(project).stdout
    assert "| gate-b | security | FAILED | 1 | 1 | bandit 1.9 |" in page
    off = summary(project, "--security", "false").stdout
    assert "### Security" not in off
    assert "**security**" in off


def test_performance_says_where_the_time_went_as_measured(
    project: DemoProject, reports: Path
) -> None:
    test = passed("test", seconds=9.0)
    test.tests = [
        TestCase(id="tests/a.py::slow", outcome="passed", seconds=7.5),
        TestCase(id="tests/a.py::quick", outcome="passed", seconds=0.001),
    ]
    matrix_job(reports, "gate-a-1", passed(seconds=0.5), test)
    page = summary(project).stdout
    rows = page.partition("### Performance")[2].strip().splitlines()[2:]
    assert rows == [
        "| gate-a: test | 9.0 |",
        "| gate-a: lint | 0.5 |",
        "| gate-a: tests/a.py::slow | 7.5 |",
    ]
    assert "### Performance" not in summary(project, "--performance=false").stdout


def test_a_workflow_gets_the_verdict_and_the_page(
    project: DemoProject, reports: Path
) -> None:
    matrix_job(reports, "gate-a-1", passed())
    output, page = (project.root.parent / name for name in ("output", "page"))
    run = summary(
        project, "--json", GITHUB_OUTPUT=str(output), GITHUB_STEP_SUMMARY=str(page)
    )
    lines = output.read_text(encoding="utf-8").splitlines()
    assert lines == ["verdict=green", f"report-path={run.reports.as_posix()}"]
    assert page.read_text(encoding="utf-8").startswith("## ci-framework: green\n")
    assert json.loads(run.stdout) == run.result
    assert [check["id"] for check in run.result["checks"]] == ["gate-a"]


def test_a_summary_too_long_for_github_is_cut_not_lost(
    project: DemoProject, reports: Path
) -> None:
    findings = [
        Finding(tool="t", rule="r", message="\u00e9" * 300, path=f"a{n}.py")
        for n in range(50)
    ]
    for number in range(50):
        bad = CheckResult(id="lint", status=Status.FAILED, findings=findings, new=50)
        matrix_job(reports, f"gate-{number}-1", bad)
    page = project.root.parent / "page"
    run = summary(project, GITHUB_STEP_SUMMARY=str(page))
    assert run.code == 1, str(run)
    assert 900_000 < page.stat().st_size < 1024 * 1024
    assert "truncated" in page.read_text(encoding="utf-8")[-60:]


@pytest.mark.parametrize("fence", ["```", "`````"])
def test_a_cut_closes_the_block_it_is_in(fence: str) -> None:
    page = f"# A\n\n{fence}text\n" + "line\n" * 100 + f"{fence}\nend\n"
    cut = clip(page, 60)
    assert cut.splitlines().count(fence) == 1
    assert cut.endswith("\ntruncated: see the summary of the job\n")
    assert clip(page, len(page)) == page
    assert f"{fence}\nend\n" in clip(page + "x\n" * 99, len(page) + 2)


def test_jobs_keep_the_order_and_the_words_of_github() -> None:
    found = read_jobs('{"b": {"result": "success"}, "a": {"result": "skipped"}}', "")
    assert [(job.name, job.result, job.good) for job in found] == [
        ("b", "success", True),
        ("a", "skipped", False),
    ]
    assert Verdict.ERROR.exit_code == ERROR


def test_a_page_that_is_given_is_read_not_discarded(project: DemoProject) -> None:
    page = project.write(".ci-framework/summary/summary.md", "## all green\n")
    words = ("--page", ".ci-framework/summary/summary.md")
    run = project.run("summary", *words)
    assert run.code == 0, str(run)
    assert page.read_text() == "## all green\n"


def test_compared_benchmarks_are_part_of_performance(project: DemoProject) -> None:
    slow = BenchmarkResult(
        name="t.py::test_a[|]",
        verdict="regression",
        threshold=0.1,
        base=0.001,
        head=0.0015,
        ratio=1.5,
        low=1.4,
        high=1.6,
    )
    compared = Comparison(
        suite="quick", cpu="A", cores=4, noise=0.02, benchmarks=[slow]
    )
    check = CheckResult(id="benchmarks", comparison=compared)
    check.tests = [TestCase(id=slow.name, outcome="failed", seconds=9.0)]
    history = CheckResult(id="benchmark-history", notes=["1 run, 1 benchmark"])
    matrix_job(project.root / "reports", "bench", check, history, command="bench")
    page = summary(project, "--reports", "reports").stdout.partition("### Performance")
    row = (
        r"| t.py::test_a[\|] | regression | 1 ms | 1.5 ms | +50.0% (+40.0% to +60.0%) |"
    )
    assert row in page[2]
    assert "**bench: benchmarks** ok: 1 benchmark: 1 regression" in page[2]
    assert "quick suite; A, 4 cores; noise floor 2.0%" in page[2]
    assert "1 run, 1 benchmark" in page[2]
    # What a benchmark measures is not how long it takes.
    assert "bench: t.py::test_a" not in page[2]
