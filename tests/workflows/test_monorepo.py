"""The rendered monorepo.yml is executed: which packages run, and which do not."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.act import run_workflow
from tests.support.act_runs import Run
from tests.support.documents import tables
from tests.support.interpreters import two_pythons
from tests.support.renders import render
from tests.support.repositories import commit_all

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(1200)]

TEST = """\
import alone


def test_alone() -> None:
    assert alone.LEVEL == 1
"""
CORE, CLI = "packages/sample-core", "packages/sample-cli"


@pytest.fixture(scope="module")
def pythons() -> tuple[str, str]:
    return two_pythons()


@pytest.fixture(scope="module")
def location(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One directory for all runs, so that packages are fetched once."""
    return tmp_path_factory.mktemp("act")


@pytest.fixture
def project(tmp_path: Path, template: Path, pythons: tuple[str, str]) -> Path:
    """A monorepo with one Python, for runs to which the matrix does not matter."""
    return sample(template, tmp_path / "sample", pythons[:1])


def sample(template: Path, target: Path, pythons: Sequence[str]) -> Path:
    """A new monorepo with a lock and one commit, and a package beside."""
    answers = {
        "setup": "customise",
        "project_name": "sample",
        "project_type": "monorepo",
        "packages": [
            {"name": "sample-core", "path": CORE},
            {"name": "sample-cli", "path": CLI},
        ],
        "package_manager": "uv",
        # The quickest one, since each run begins without a cache of it.
        "type_checker": "pyrefly",
        "python_versions": list(pythons),
        "platforms": ["linux"],
        # The other tiers look up advisories on the network.
        "quality_tier": "essential",
        # They take longer than all else: test_benchmark_execution.py has them.
        "benchmarks": "no",
    }
    path = render(template, target, answers)
    alone = (path / CORE / "pyproject.toml").read_text(encoding="utf-8")
    for name, text in {
        "pyproject.toml": alone.replace("sample-core", "alone"),
        "README.md": "# alone\n",
        "LICENSE": "MIT\n",
        "src/alone/__init__.py": '"""Alone."""\n\nLEVEL = 1\n',
        "tests/test_alone.py": TEST,
    }.items():
        file = path / "packages" / "alone" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.replace("sample_core", "alone"), encoding="utf-8")
    commit_all(path)
    return path


def run(project: Path, location: Path) -> Run:
    commit_all(project)
    target = location / f"{project.parent.name}-pull-request"
    return run_workflow(project, target, "monorepo.yml", "pull_request")


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def told(done: Run) -> dict[str, str]:
    return done.outputs["change-detection", "changes"]


def reports(done: Run) -> list[str]:
    names = (path.name for path in done.artifacts.iterdir())
    return sorted(name.removesuffix("-1") for name in names if "-py" in name)


def matrix_jobs(*names: str, pythons: Sequence[str]) -> list[str]:
    return sorted(f"gate-{name}-linux-py{p}" for name in names for p in pythons)


def checks(done: Run, artifact: str) -> dict[str, str]:
    found = tables(done.report(artifact)["checks"])
    return {str(check["id"]): str(check["status"]) for check in found}


def test_a_change_of_one_package_checks_it_and_tests_those_that_need_it(
    tmp_path: Path, template: Path, location: Path, pythons: tuple[str, str]
) -> None:
    project = sample(template, tmp_path / "sample", pythons)
    append(project / CORE / "src/sample_core/__init__.py", "\n\nLEVEL = 1\n")
    done = run(project, location)
    assert done.code == 0, done.text
    assert done.results["ci-success"] == "success"
    assert json.loads(told(done)["packages"]) == ["sample-cli", "sample-core"]
    expected = matrix_jobs("sample-core", "cross-sample-cli", pythons=pythons)
    assert reports(done) == expected
    core = checks(done, expected[-1])
    assert core["declared-imports"] == core["coverage"] == "passed"
    cli = checks(done, expected[0])
    assert set(cli) - {"python"} == {"typecheck", "test"}
    assert set(cli.values()) == {"passed"}
    assert f"| {expected[0]} | green |" in done.page()


def test_a_package_that_breaks_its_dependents_is_red(
    project: Path, location: Path
) -> None:
    code = project / CORE / "src/sample_core/__init__.py"
    text = code.read_text(encoding="utf-8")
    code.write_text(text.replace("parts", "pieces"), encoding="utf-8")
    for tests in (project / CORE / "tests").rglob("*.py"):
        text = tests.read_text(encoding="utf-8")
        changed = re.sub(r"\bparts\(", "pieces(", text).replace(".parts", ".pieces")
        tests.write_text(changed, encoding="utf-8")
    done = run(project, location)
    assert done.code != 0
    assert done.results["packages"] == "success"
    assert done.results["cross-package-tests"] == "failure"
    assert done.results["ci-success"] == "failure"
    assert done.page().startswith("## ci-framework: red\n")


def test_a_change_of_the_top_checks_all_packages(
    project: Path, location: Path, pythons: tuple[str, str]
) -> None:
    (project / "Makefile").write_text("all:\n", encoding="utf-8")
    done = run(project, location)
    assert done.code == 0, done.text
    names = ("alone", "sample-cli", "sample-core")
    assert reports(done) == matrix_jobs(*names, pythons=pythons[:1])
    assert "cross-package-tests" in json.loads(told(done)["skips"])


def test_documentation_alone_checks_no_package(project: Path, location: Path) -> None:
    append(project / CORE / "README.md", "\nMore.\n")
    done = run(project, location)
    assert done.code == 0, done.text
    assert reports(done) == []
    skips = json.loads(told(done)["skips"])
    assert skips["packages"] == "the change touches no package"
    assert json.loads(told(done)["packages"]) == []


def test_the_tests_of_packages_are_divided_and_judged_as_one_run(
    project: Path, location: Path, pythons: tuple[str, str]
) -> None:
    append(project / "pyproject.toml", "\n[tool.ci-framework.matrix]\nshards = 2\n")
    for package, module in ((CORE, "sample_core"), (CLI, "sample_cli")):
        text = f'"""Tests."""\n\nimport {module}\n\n\ndef test_more() -> None:\n'
        text += f'    """It is there."""\n    assert {module}\n'
        (project / package / "tests" / "test_more.py").write_text(text, "utf-8")
    commit_all(project)
    append(project / CORE / "src/sample_core/__init__.py", "\n\nLEVEL = 1\n")
    done = run(project, location)
    assert done.code == 0, done.text
    assert done.results["combined-package-tests"] == "success"
    assert done.results["ci-success"] == "success"
    combined = done.artifacts / "gate-combined-1"
    for name, package in (("sample-core", CORE), ("cross-sample-cli", CLI)):
        label = f"{name}-linux-py{pythons[0]}"
        parts = [names_in(done.artifacts / f"shard-{label}-{n}-of-2-1") for n in (1, 2)]
        whole = names_in(combined / label)
        assert sorted([*parts[0], *parts[1]]) == whole
        assert f"{package}/tests/test_more.py::test_more" in whole
        assert all(parts)
        assert f"| gate-combined/{label} | green |" in done.page()
    core = checks(done, f"gate-sample-core-linux-py{pythons[0]}")
    assert "declared-imports" in core
    assert not {"test", "coverage"} & set(core)


def names_in(report: Path) -> list[str]:
    found = json.loads((report / "result.json").read_text("utf-8"))["checks"]
    (check,) = [each for each in found if each["id"] == "test"]
    return sorted(test["id"] for test in check["tests"])
