"""The tests of a matrix job are divided among runners, and the optional jobs run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support.act import run_workflow
from tests.support.act_runs import Run
from tests.support.documents import table, tables
from tests.support.interpreters import two_pythons
from tests.support.renders import render
from tests.support.repositories import commit_all

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(1800)]

# With the lowest version that is allowed the test fails.
LOW = """\
\"\"\"A test that needs a newer version than the project asks for.\"\"\"

from importlib.metadata import version


def test_the_version_is_a_recent_one() -> None:
    \"\"\"It is.\"\"\"
    assert int(version("click").split(".")[0]) >= 8
"""
SETTINGS = """
[tool.ci-framework.matrix]
shards = 2
lowest-direct = "advisory"
free-threaded = "advisory"
"""


@pytest.fixture
def project(tmp_path: Path, template: Path) -> Path:
    answers = {
        "setup": "customise",
        "package_manager": "uv",
        # The quickest one, since each run begins without a cache of it.
        "type_checker": "pyrefly",
        "python_versions": list(two_pythons()),
        "platforms": ["linux"],
        "quality_tier": "essential",
        "benchmarks": "no",
    }
    project = render(template, tmp_path / "sample", answers)
    pyproject = project / "pyproject.toml"
    text = pyproject.read_text("utf-8").replace(
        "dependencies = []", 'dependencies = ["click>=7.1"]'
    )
    pyproject.write_text(text + SETTINGS, "utf-8")
    (project / "tests" / "test_low.py").write_text(LOW, "utf-8")
    for name in ("one", "two", "three"):
        package = next(project.glob("src/*"))
        module = f'"""Module."""\n\n{name.upper()} = 1\n'
        (package / f"{name}.py").write_text(module, "utf-8")
        (project / "tests" / f"test_{name}.py").write_text(
            f'"""Tests."""\n\nfrom {package.name} import {name}\n\n\n'
            f"def test_{name}() -> None:\n"
            f'    """It is one."""\n'
            f"    assert {name}.{name.upper()} == 1\n",
            "utf-8",
        )
    commit_all(project)
    return project


def ids_in(done: Run, artifact: str, job: str = "") -> list[str]:
    path = done.artifacts / f"{artifact}-1" / job / "result.json"
    report: dict[str, object] = json.loads(path.read_text("utf-8"))
    (check,) = [c for c in tables(report["checks"]) if c["id"] == "test"]
    return sorted(str(test["id"]) for test in tables(check["tests"]))


def coverage_in(done: Run, job: str) -> float:
    path = done.artifacts / "gate-combined-1" / job / "coverage.json"
    totals = table(json.loads(path.read_text("utf-8"))["totals"])
    return float(str(totals["percent_covered"]))


def test_tests_are_divided_and_judged_as_one_run(project: Path, tmp_path: Path) -> None:
    oldest, newest = two_pythons()
    place = tmp_path / "runs"
    done = run_workflow(project, place / "push", "python-ci.yml", "push")
    shards = {
        f"comprehensive-tests {python} {index}/2": "success"
        for python in (oldest, newest)
        for index in (1, 2)
    }
    ended = done.ended()
    assert ended.items() >= shards.items(), done.text
    assert ended["combined-tests"] == ended["ci-success"] == "success", done.text
    assert ended[f"comprehensive-tests {oldest} lowest"] == "success"
    for python in (oldest, newest):
        parts = [
            ids_in(done, f"shard-linux-py{python}-{index}-of-2") for index in (1, 2)
        ]
        whole = ids_in(done, "gate-combined", f"linux-py{python}")
        assert sorted(parts[0] + parts[1]) == whole
        assert len(whole) == len(set(whole)) > 4
        assert all(parts)
        assert coverage_in(done, f"linux-py{python}") == 100.0
    page = done.page()
    assert page.startswith("## ci-framework: green\n"), page
    assert f"| gate-combined/linux-py{oldest} | green |" in page
    low = f"gate-linux-py{oldest}-lowest-direct"
    assert f"| {low} | green (advisory) | test: warned" in page, page
    assert "test_the_version_is_a_recent_one" in page
    assert "free-threaded | not possible" in done.text
    (saved,) = (place / "caches").glob("test-durations-*")
    assert set(json.loads(saved.read_text("utf-8"))["seconds"]) == set(whole)

    pyproject = project / "pyproject.toml"
    text, count = re.subn(rf'\s*"{newest}",?', "", pyproject.read_text("utf-8"))
    assert count == 1
    pyproject.write_text(text, "utf-8")
    commit_all(project)
    package = next(project.glob("src/*"))
    for name in ("one", "two"):
        module = package / f"{name}.py"
        module.write_text(module.read_text("utf-8") + "\n\nCHANGE = 1\n", "utf-8")
    commit_all(project)
    change = run_workflow(project, place / "change", "python-ci.yml", "pull_request")
    assert change.results["comprehensive-tests"] == "success", change.text
    assert change.ended()["ci-success"] == "success", change.text
    selected = ids_in(change, "gate-combined", f"linux-py{oldest}")
    assert selected == ["tests/test_one.py::test_one", "tests/test_two.py::test_two"]
    each = [ids_in(change, f"shard-linux-py{oldest}-{n}-of-2") for n in (1, 2)]
    assert sorted(map(len, each)) == [1, 1]
    shard = change.artifacts / f"shard-linux-py{oldest}-1-of-2-1" / "result.json"
    assert "recorded durations" in shard.read_text("utf-8")
    assert len(list((place / "caches").glob("test-durations-*"))) == 1

    (project / "tests" / "test_one.py").write_text(
        '"""Tests."""\n\n\ndef test_one() -> None:\n'
        '    """It is wrong."""\n    assert not 1\n',
        "utf-8",
    )
    commit_all(project)
    red = run_workflow(project, place / "red", "python-ci.yml", "pull_request")
    assert red.results["ci-success"] == "failure", red.text
    assert "tests/test_one.py::test_one" in red.page()
