"""The jobs with benchmarks are executed: on a pull request, and once a week."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.act import run_workflow
from tests.support.act_runs import Run
from tests.support.documents import table, tables
from tests.support.interpreters import two_pythons
from tests.support.renders import Answers, render
from tests.support.repositories import commit_all, git

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(1200)]

# The least that there can be: whether the jobs work is tested, not how exact they are.
BUDGET = """
[tool.ci-framework.performance.{suite}]
first-processes = 3
processes = 3
benchmark-seconds = 0.02
"""
SUITE = """\
from collections.abc import Callable

import sample_core


def test_parts(benchmark: Callable[..., object]) -> None:
    assert benchmark(sample_core.parts) == ["sample-core"]
"""
CORE, CLI = "packages/sample-core", "packages/sample-cli"


def sample(template: Path, target: Path, **answers: object) -> Path:
    """A new project with one commit, whose benchmarks take little time."""
    every: Answers = {
        "setup": "customise",
        "package_manager": "uv",
        # The quickest one, since each run begins without a cache of it.
        "type_checker": "pyrefly",
        "python_versions": [two_pythons()[0]],
        "platforms": ["linux"],
        # The other tiers look up advisories on the network.
        "quality_tier": "essential",
        **answers,
    }
    project = render(template, target, every)
    with (project / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write("".join(BUDGET.format(suite=suite) for suite in ("quick", "full")))
    commit_all(project)
    return project


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def verdicts(done: Run, artifact: str) -> dict[str, str]:
    (check,) = tables(done.report(artifact)["checks"])
    found = tables(table(check["comparison"])["benchmarks"])
    return {
        str(each["name"]).partition("::")[2]: str(each["verdict"]) for each in found
    }


def test_a_slower_change_turns_the_workflow_red(tmp_path: Path, template: Path) -> None:
    project = sample(
        template, tmp_path / "sample", benchmark_suite=["tests/benchmarks"]
    )
    (code,) = project.glob("src/*/spans.py")
    replace(
        code,
        "        if last < first:\n",
        "        sum(range(500))\n        if last < first:\n",
    )
    commit_all(project)
    done = run_workflow(project, tmp_path / "act", "python-ci.yml", "pull_request")
    assert done.results["benchmarks"] == "failure", done.text
    assert done.results["comprehensive-tests"] == "success", done.text
    assert done.results["ci-success"] == done.results["summary"] == "failure"
    outputs = done.outputs[f"benchmarks {two_pythons()[0]}", "bench"]
    assert (outputs["verdict"], outputs["regressions"]) == ("red", "2")
    found = verdicts(done, f"gate-benchmarks-linux-py{two_pythons()[0]}")
    assert found == dict.fromkeys(
        ("test_merging_spans[100]", "test_merging_spans[10000]"), "regression"
    )
    page = done.page()
    assert page.startswith("## ci-framework: red\n")
    name = "tests/benchmarks/test_spans_speed.py::test_merging_spans[100]"
    assert f"| {name} | regression | " in page
    assert "; noise floor " in page


def test_the_weekly_run_adds_to_the_history(tmp_path: Path, template: Path) -> None:
    project = sample(template, tmp_path / "sample", load_testing="yes")
    replace(
        project / "pyproject.toml",
        'ready = "/ready"\n',
        'ready = "/ready"\nusers = 2\nseconds = 0.5\nwarm-up-seconds = 0\nruns = 3\n',
    )
    commit_all(project)
    done = run_workflow(project, tmp_path / "act", "benchmarks.yml", "schedule")
    assert done.code == 0, done.text
    assert done.results["benchmark-history"] == "success"
    text = git(project, "show", "ci-framework/benchmarks:benchmarks.jsonl")
    (line,) = map(json.loads, text.splitlines())
    assert line["commit"] == git(project, "rev-parse", "HEAD")
    assert (line["suite"], len(line["seconds"])) == ("full", 2)
    report = done.artifacts / "benchmark-history-1"
    assert "<svg" in (report / "trend.html").read_text(encoding="utf-8")
    loaded = done.report(f"gate-load-test-linux-py{two_pythons()[0]}")
    (check,) = tables(loaded["checks"])
    assert "requests in 3 runs, 0 failed" in str(check["notes"])
    measured = done.artifacts / f"gate-benchmarks-linux-py{two_pythons()[0]}-1"
    assert list(measured.rglob("profiles/*.svg"))


def test_packages_with_benchmarks_are_measured_by_themselves(
    tmp_path: Path, template: Path
) -> None:
    project = sample(
        template,
        tmp_path / "sample",
        project_name="sample",
        project_type="monorepo",
        packages=[
            {"name": "sample-core", "path": CORE},
            {"name": "sample-cli", "path": CLI},
        ],
    )
    suite = project / CORE / "tests" / "benchmarks"
    for seed in suite.glob("*.py"):
        seed.unlink()
    (suite / "test_speed.py").write_text(SUITE, encoding="utf-8")
    commit_all(project)
    code = project / CORE / "src/sample_core/__init__.py"
    replace(code, "    return [", "    sum(range(5_000))\n    return [")
    commit_all(project)
    done = run_workflow(project, tmp_path / "act", "monorepo.yml", "pull_request")
    assert done.results["benchmarks"] == "failure", done.text
    assert done.results["packages"] == "success", done.text
    assert done.results["ci-success"] == "failure"
    reports = (path.name for path in done.artifacts.glob("gate-benchmarks-*"))
    python = two_pythons()[0]
    assert sorted(reports) == [
        f"gate-benchmarks-{name}-linux-py{python}-1"
        for name in ("sample-cli", "sample-core")
    ]
    artifact = f"gate-benchmarks-sample-core-linux-py{python}"
    assert verdicts(done, artifact) == {"test_parts": "regression"}
    (check,) = tables(done.report(artifact)["checks"])
    (finding,) = tables(check["findings"])
    assert finding["path"] == f"{CORE}/tests/benchmarks/test_speed.py"
