"""The rendered python-ci.yml is executed: graph, matrix, reports and verdicts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.render.renders import render
from tests.workflows.act import Run, commit_all, run_workflow, two_pythons
from tests.workflows.documents import tables

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def pythons() -> tuple[str, str]:
    return two_pythons()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One directory for all runs, so that packages are fetched once."""
    return tmp_path_factory.mktemp("act")


@pytest.fixture
def project(tmp_path: Path, template: Path, pythons: tuple[str, str]) -> Path:
    answers = {
        "setup": "customise",
        "package_manager": "uv",
        "type_checker": "mypy",
        "python_versions": list(pythons),
        "platforms": ["linux"],
    }
    return render(template, tmp_path / "sample", answers)


def run(project: Path, place: Path, event: str = "pull_request") -> Run:
    commit_all(project)
    return run_workflow(project, place / project.parent.name, "python-ci.yml", event)


def statuses(report: dict[str, object]) -> dict[str, str]:
    checks = tables(report["checks"])
    return {str(check["id"]): str(check["status"]) for check in checks}


@pytest.mark.parametrize("event", ["pull_request", "push"])
def test_a_green_project_is_green_on_every_leg_of_its_matrix(
    project: Path, place: Path, pythons: tuple[str, str], event: str
) -> None:
    done = run(project, place, event)
    assert done.legs == {
        "configuration": "success",
        f"quality {pythons[0]}": "success",
        f"quality {pythons[1]}": "success",
        "ci-success": "success",
    }, done.text
    assert done.code == 0
    assert len(list(done.artifacts.iterdir())) == 2
    for python in pythons:
        report = done.report("linux", python)
        assert report["verdict"] == "green"
        assert str(report["python"]).startswith(f"{python}.")
        assert set(statuses(report).values()) == {"passed"}
        outputs = done.outputs[f"quality {python}", "gate"]
        assert outputs.pop("report-path").endswith("/.ci-framework/gate")
        assert outputs == {
            "verdict": "green",
            "tier": "essential",
            "coverage": "100.00",
            "new-findings": "0",
        }
        pixi = done.steps.get((f"quality {python}", "Set up pixi"), "skipped")
        assert pixi == "skipped"


def test_a_lint_finding_fails_the_workflow(
    project: Path, place: Path, pythons: tuple[str, str]
) -> None:
    source = next(project.glob("src/*/__init__.py"))
    text = source.read_text(encoding="utf-8")
    source.write_text(f"{text}\nimport os\n", encoding="utf-8")
    done = run(project, place)
    assert done.results == {
        "configuration": "success",
        "quality": "failure",
        "ci-success": "failure",
    }, done.text
    assert done.code != 0
    for python in pythons:
        report = done.report("linux", python)
        assert report["verdict"] == "red"
        assert statuses(report)["lint"] == "failed"
        assert statuses(report)["test"] == "passed"
        assert done.outputs[f"quality {python}", "gate"]["verdict"] == "red"


def test_a_failing_test_on_one_python_only_fails_the_workflow(
    project: Path, place: Path, pythons: tuple[str, str]
) -> None:
    oldest, newest = pythons
    minor = newest.partition(".")[2]
    text = (
        '"""A test that depends on the interpreter."""\n\nimport platform\n\n\n'
        "def test_interpreter() -> None:\n"
        '    """It is not the newest one."""\n'
        f'    assert platform.python_version_tuple()[1] != "{minor}"\n'
    )
    (project / "tests" / "test_interpreter.py").write_text(text, encoding="utf-8")
    done = run(project, place)
    assert done.legs == {
        "configuration": "success",
        f"quality {oldest}": "success",
        f"quality {newest}": "failure",
        "ci-success": "failure",
    }, done.text
    assert done.report("linux", oldest)["verdict"] == "green"
    assert statuses(done.report("linux", newest))["test"] == "failed"


def test_an_unknown_setting_fails_the_workflow_before_anything_runs(
    project: Path, place: Path
) -> None:
    file = project / "pyproject.toml"
    text = file.read_text(encoding="utf-8")
    broken = text.replace("[tool.ci-framework.quality]", "[tool.ci-framework.qualty]")
    assert broken != text
    file.write_text(broken, encoding="utf-8")
    done = run(project, place)
    assert done.results.pop("quality", "skipped") == "skipped"
    assert done.results == {
        "configuration": "failure",
        "ci-success": "failure",
    }, done.text
    assert done.code != 0
    assert "qualty" in done.text
    assert not done.artifacts.exists()


def test_a_leg_that_cannot_have_its_python_fails_the_workflow(
    project: Path, place: Path
) -> None:
    file = project / "pyproject.toml"
    text = file.read_text(encoding="utf-8")
    asked = re.sub(r"python-versions = \[[^\]]*\]", 'python-versions = ["3.99"]', text)
    assert asked != text
    file.write_text(asked, encoding="utf-8")
    done = run(project, place)
    assert done.legs == {
        "configuration": "success",
        "quality 3.99": "failure",
        "ci-success": "failure",
    }, done.text
    assert done.steps["quality 3.99", "Set up Python"] == "failure"
    assert done.steps.get(("quality 3.99", "Keep the report"), "skipped") == "skipped"
    assert not done.artifacts.exists()
