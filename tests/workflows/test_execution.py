"""The rendered workflows are executed: graph, matrix, reports and verdicts."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any, cast

import pytest

from tests.support.act import run_workflow, shared_caches
from tests.support.act_runs import Run
from tests.support.documents import table, tables
from tests.support.interpreters import installed_pythons, two_pythons
from tests.support.renders import render
from tests.support.repositories import commit_all, commit_of
from tests.support.tools import require_tool

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(1200)]

REMOTE, HYBRID = "python-ci.yml", "local-hybrid.yml"
ALWAYS = {"summary": "success", "ci-success": "success"}
EVERYTHING = {
    "change-detection": "success",
    "quick-checks": "success",
    "code-scanning": "success",
    "comment": "success",
    **ALWAYS,
}


@pytest.fixture(scope="module")
def pythons() -> tuple[str, str]:
    return two_pythons()


@pytest.fixture(scope="module")
def location(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One directory for all runs, so that packages are fetched once."""
    return tmp_path_factory.mktemp("act")


def sample(template: Path, target: Path, pythons: tuple[str, ...], mode: str) -> Path:
    """A new project with one commit."""
    answers = {
        "setup": "customise",
        "package_manager": "uv",
        # The quickest ones, since each run begins without a cache of theirs.
        "type_checker": "pyrefly",
        "build_backend": "uv_build",
        "python_versions": list(pythons),
        "platforms": ["linux"],
        "ci_mode": mode,
        # The other tiers look up advisories on the network.
        "quality_tier": "essential",
        # They take a minute: test_benchmark_execution.py has them.
        "benchmarks": "no",
    }
    project = render(template, target, answers)
    commit_all(project)
    return project


@pytest.fixture
def python(pythons: tuple[str, str]) -> str:
    return pythons[0]


@pytest.fixture
def project(tmp_path: Path, template: Path, python: str) -> Path:
    """A project with one Python, for runs to which the matrix does not matter."""
    return sample(template, tmp_path / "sample", (python,), "remote")


@pytest.fixture
def matrix_project(tmp_path: Path, template: Path, pythons: tuple[str, str]) -> Path:
    return sample(template, tmp_path / "sample", pythons, "remote")


def source_of(project: Path) -> Path:
    return next(project.glob("src/*/__init__.py"))


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def run(
    project: Path,
    location: Path,
    event: str = "pull_request",
    workflow: str = REMOTE,
    *,
    payload: dict[str, object] | None = None,
) -> Run:
    commit_all(project)
    target = location / f"{project.parent.name}-{event}"
    return run_workflow(project, target, workflow, event, payload=payload)


def statuses(report: dict[str, object]) -> dict[str, str]:
    checks = tables(report["checks"])
    return {str(check["id"]): str(check["status"]) for check in checks}


def artifacts(done: Run) -> list[str]:
    return sorted(path.name for path in done.artifacts.iterdir())


def legs_on(*pythons: str, result: str = "success") -> dict[str, str]:
    return {f"comprehensive-tests {python}": result for python in pythons}


def told(done: Run) -> dict[str, str]:
    return done.outputs["change-detection", "changes"]


def skipped(done: Run) -> dict[str, str]:
    """Why jobs were left out, but for benchmarks and shards, which these lack."""
    skips: dict[str, str] = json.loads(told(done)["skips"])
    assert skips.pop("benchmarks", "benchmarks are turned off").startswith(
        "benchmarks are turned off"
    )
    undivided = "the tests are not divided among shards"
    assert skips.pop("combined-tests", undivided) in (
        undivided,
        skips.get("comprehensive-tests"),
    )
    return skips


def test_a_change_of_code_and_dependencies_is_green_in_every_matrix_job(
    matrix_project: Path, location: Path, pythons: tuple[str, str]
) -> None:
    project = matrix_project
    add_module(project, "one")
    commit_all(project)
    append(source_of(project), "\n\nCHANGE = 1\n")
    append(project / "pyproject.toml", "\n[tool.uv.pip]\nno-sources = false\n")
    done = run(project, location)
    assert done.ended() == {**EVERYTHING, **legs_on(*pythons)}, done.text
    assert done.code == 0
    assert artifacts(done) == sorted(
        [
            "changes-1",
            "code-scanning",
            "gate-quick-checks-1",
            "summary-1",
            *(f"gate-linux-py{python}-1" for python in pythons),
        ]
    )
    quick = done.report("gate-quick-checks")
    assert quick["verdict"] == "green"
    assert str(quick["python"]).startswith(f"{pythons[-1]}.")
    names = ["python", "no-conflict-markers", "lint", "format", "typecheck"]
    assert statuses(quick) == dict.fromkeys(names, "passed")
    for python in pythons:
        report = done.report(f"gate-linux-py{python}")
        assert report["verdict"] == "green"
        assert str(report["python"]).startswith(f"{python}.")
        wanted = dict.fromkeys(["python", "test", "coverage"], "passed")
        assert statuses(report) == wanted
        outputs = done.outputs[f"comprehensive-tests {python}", "gate"]
        assert outputs.pop("report-path").endswith("/.ci-framework/gate")
        assert outputs == {
            "verdict": "green",
            "tier": "essential",
            "coverage": "100.00",
            "new-findings": "0",
        }
        assert f"| gate-linux-py{python} | green |" in done.page()
    assert done.page().startswith("## ci-framework: green\n")
    assert skipped(done) == {}
    assert told(done)["docs-only"] == "false"
    assert (done.artifacts / "code-scanning" / "results.sarif").is_file()
    # What the packages are may matter to every test.
    assert (told(done)["tests-mode"], told(done)["tests"]) == ("all", "")
    assert "tests/test_one.py" in run_tests_of(done, pythons[0])
    assert len(run_tests_of(done, pythons[0])) > 1


def test_a_push_to_main_runs_everything_and_comments_on_nothing(
    project: Path, location: Path, python: str
) -> None:
    append(project / "README.md", "\nMore.\n")
    done = run(project, location, "push")
    ended = {**EVERYTHING, **legs_on(python)}
    ended.pop("comment")
    assert done.ended() == ended, done.text
    assert done.code == 0
    assert skipped(done) == {"comment": "there is no pull request"}


def test_documentation_alone_skips_the_tests_and_is_green(
    project: Path, location: Path
) -> None:
    append(project / "README.md", "\nMore.\n")
    done = run(project, location)
    ended = {**EVERYTHING}
    ended.pop("code-scanning")
    assert done.ended() == ended, done.text
    assert done.code == 0
    assert told(done)["docs-only"] == "true"
    skips = skipped(done)
    assert set(skips) == {"comprehensive-tests", "code-scanning"}
    assert artifacts(done) == ["changes-1", "gate-quick-checks-1", "summary-1"]
    assert "typecheck" not in statuses(done.report("gate-quick-checks"))
    page = done.page()
    assert f"- comprehensive-tests: {skips['comprehensive-tests']}" in page
    assert page.startswith("## ci-framework: green\n")


def add_module(project: Path, name: str) -> Path:
    """A module beside the others, with a test of its own."""
    package = source_of(project).parent
    module = package / f"{name}.py"
    module.write_text(f'"""Module."""\n\n{name.upper()} = 1\n', encoding="utf-8")
    text = (
        f'"""Tests."""\n\nfrom {package.name} import {name}\n\n\n'
        f"def test_{name}() -> None:\n"
        f'    """It is one."""\n'
        f"    assert {name}.{name.upper()} == 1\n"
    )
    (project / "tests" / f"test_{name}.py").write_text(text, encoding="utf-8")
    return module


def run_tests_of(done: Run, python: str) -> list[str]:
    report = done.report(f"gate-linux-py{python}")
    (check,) = [c for c in tables(report["checks"]) if c["id"] == "test"]
    return sorted({str(test["path"]) for test in tables(check["tests"])})


def test_a_change_of_one_module_from_a_fork_runs_its_tests_and_needs_no_right(
    project: Path, location: Path, python: str
) -> None:
    module = add_module(project, "one")
    add_module(project, "two")
    commit_all(project)
    append(module, "\n\nCHANGE = 1\n")
    commit_all(project)
    repository = {"default_branch": "main", "full_name": "someone/sample"}
    head = {"sha": commit_of(project, "HEAD"), "repo": {"full_name": "fork/sample"}}
    base = {"ref": "main", "sha": commit_of(project, "HEAD~1"), "repo": repository}
    change = {"number": 7, "head": head, "base": base}
    payload: dict[str, object] = {"repository": repository, "pull_request": change}
    append(module, "OTHER = 1\n")
    done = run(project, location, payload=payload)
    ended = {**EVERYTHING, **legs_on(python)}
    for job in ("comment", "code-scanning"):
        ended.pop(job)
        assert "fork" in skipped(done)[job]
    assert done.ended() == ended, done.text
    assert done.code == 0
    assert (told(done)["tests-mode"], told(done)["tests"]) == (
        "some",
        "tests/test_one.py",
    )
    assert statuses(done.report("gate-quick-checks"))["imports"] == "passed"
    assert run_tests_of(done, python) == ["tests/test_one.py"]
    assert statuses(done.report(f"gate-linux-py{python}"))["coverage"] == "skipped"


def test_a_forced_push_of_a_branch_runs_all_tests(
    project: Path, location: Path, python: str
) -> None:
    module = add_module(project, "one")
    commit_all(project)
    append(module, "\n\nCHANGE = 1\n")
    repository = {"default_branch": "main", "full_name": "someone/sample"}
    payload: dict[str, object] = {
        "repository": repository,
        "ref": "refs/heads/main",
        "before": "1" * 40,
        "forced": True,
    }
    done = run(project, location, "push", payload=payload)
    ended = {**EVERYTHING, **legs_on(python)}
    ended.pop("comment")
    assert done.ended() == ended, done.text
    assert told(done)["tests-mode"] == "all"
    assert len(run_tests_of(done, python)) > 1


def test_a_lint_finding_fails_the_workflow_and_the_laptop(
    project: Path, location: Path, python: str
) -> None:
    append(source_of(project), "\nimport os\n")
    done = run(project, location)
    red = dict.fromkeys(("quick-checks", "summary", "ci-success"), "failure")
    assert done.ended() == {**EVERYTHING, **legs_on(python), **red}, done.text
    assert done.code != 0
    report = done.report("gate-quick-checks")
    assert report["verdict"] == "red"
    assert statuses(report)["lint"] == "failed"
    assert done.outputs["quick-checks", "gate"]["verdict"] == "red"
    assert done.page().startswith("## ci-framework: red\n")
    assert "Again: `ci-framework/ci gate --tier essential --only lint" in done.page()
    assert_same_on_laptop(project, location, done, python)


def test_a_failing_test_on_one_python_only_fails_the_workflow(
    matrix_project: Path, location: Path, pythons: tuple[str, str]
) -> None:
    project = matrix_project
    oldest, newest = pythons
    minor = newest.partition(".")[2]
    text = (
        '"""A test that depends on the interpreter."""\n\nimport platform\n\n\n'
        "def test_interpreter() -> None:\n"
        '    """It is not the newest one."""\n'
        f'    assert platform.python_version_tuple()[1] != "{minor}"\n'
    )
    (project / "tests" / "test_interpreter.py").write_text(text, encoding="utf-8")
    done = run(project, location)
    assert done.ended() == {
        **EVERYTHING,
        **legs_on(oldest),
        **legs_on(newest, result="failure"),
        "summary": "failure",
        "ci-success": "failure",
    }, done.text
    assert done.report(f"gate-linux-py{oldest}")["verdict"] == "green"
    assert statuses(done.report(f"gate-linux-py{newest}"))["test"] == "failed"
    assert "test_interpreter" in done.page()


def change_file(file: Path, pattern: str, replacement: str) -> None:
    text = file.read_text(encoding="utf-8")
    changed = re.sub(pattern, replacement, text)
    assert changed != text
    file.write_text(changed, encoding="utf-8")


def test_an_unknown_setting_fails_the_workflow_before_anything_runs(
    project: Path, location: Path
) -> None:
    change_file(
        project / "pyproject.toml", r"ci-framework\.quality", "ci-framework.qualty"
    )
    done = run(project, location)
    assert done.ended() == dict.fromkeys(
        ("change-detection", "summary", "ci-success"), "failure"
    ), done.text
    assert done.code != 0
    assert artifacts(done) == ["gate-configuration-1", "summary-1"]
    assert "qualty" in done.page()


def test_a_detection_that_fails_fails_the_workflow(
    project: Path, location: Path
) -> None:
    """It must never look like a change that needs no tests."""
    append(project / "README.md", "\nMore.\n")
    done = run(project, location, payload={"pull_request": {"number": "seven"}})
    assert done.ended() == dict.fromkeys(
        ("change-detection", "summary", "ci-success"), "failure"
    ), done.text
    assert done.code != 0
    assert skipped(done) == {}
    assert told(done)["docs-only"] == "false"
    assert artifacts(done) == ["summary-1"]


def test_a_matrix_job_that_cannot_have_its_python_fails_the_workflow(
    project: Path, location: Path
) -> None:
    asked = 'python-versions = ["3.99"]'
    change_file(project / "pyproject.toml", r"python-versions = \[[^\]]*\]", asked)
    done = run(project, location)
    red = ("quick-checks", "comprehensive-tests 3.99", "summary", "ci-success")
    for matrix_job in red:
        assert done.matrix_jobs[matrix_job] == "failure", done.text
    assert done.code != 0
    assert done.steps["comprehensive-tests 3.99", "Set up"] == "failure"
    kept = done.steps.get(("comprehensive-tests 3.99", "Keep the report"), "skipped")
    assert kept == "skipped"
    assert artifacts(done) == ["changes-1", "summary-1"]


@pytest.mark.parametrize("event", ["pull_request", "merge_group"])
def test_the_hybrid_workflow_spot_checks_changes_only(
    event: str, tmp_path: Path, template: Path, location: Path
) -> None:
    found = list(installed_pythons())
    if len(found) < 3:
        pytest.skip(f"three Pythons are needed, there are {', '.join(found)}")
    project = sample(template, tmp_path / "sample", tuple(found[:3]), "hybrid")
    append(source_of(project), "\n\nCHANGE = 1\n")
    done = run(project, location, event, HYBRID)
    matrix_jobs = found[:3] if event == "merge_group" else [found[0], found[2]]
    ended = {**EVERYTHING, **legs_on(*matrix_jobs)}
    if event == "merge_group":
        ended.pop("comment")
    assert done.ended() == ended, done.text
    assert done.code == 0


TIMES = re.compile(r"\bin \d+\.\d+ ?s\b")


def comparable(report: dict[str, object], root: Path) -> dict[str, object]:
    """A result without times and without where the repository lies."""

    def plain(value: object) -> object:
        if isinstance(value, dict):
            items = cast("dict[str, object]", value).items()
            return {key: plain(item) for key, item in items if key != "seconds"}
        if isinstance(value, list):
            return [plain(item) for item in cast("list[object]", value)]
        if isinstance(value, str):
            return TIMES.sub("", value.replace(str(root), "ROOT"))
        return value

    # The workflow is on the branch of the pull request.
    return {key: each for key, each in table(plain(report)).items() if key != "subject"}


def on_laptop(
    project: Path, location: Path, python: str, *words: str
) -> dict[str, Any]:
    """Run the command of the workflow in the working tree."""
    command = ["ci-framework/ci", "gate", "--python", python, *words]
    programs = str(require_tool("uv").parent)
    ours = ("CI_FRAMEWORK_", "GITHUB_", "VIRTUAL_ENV", "PYTHON", "COV", "PYTEST_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(ours) and k != "CI"}
    interpreter = str(installed_pythons()[python].parent)
    path = os.pathsep.join([programs, interpreter, "/usr/bin", "/bin"])
    variables = {"PATH": path, "UV_CACHE_DIR": str(shared_caches() / "uv")}
    subprocess.run(
        command,
        cwd=project,
        env={**kept, **variables},
        check=False,
        capture_output=True,
    )
    text = (project / ".ci-framework" / "gate" / "result.json").read_text("utf-8")
    return cast("dict[str, Any]", json.loads(text))


def assert_same_on_laptop(
    project: Path, location: Path, done: Run, python: str
) -> None:
    """The commands of the workflow give here what they gave there."""
    given = told(done)
    since = ["--since", given["base"]]
    runs = {
        "gate-quick-checks": (given["quick-checks"], list[str]()),
        f"gate-linux-py{python}": (given["test-checks"], since),
    }
    matrix_jobs = {"gate-quick-checks": "quick-checks"}
    for artifact, (checks, words) in runs.items():
        matrix_job = matrix_jobs.get(artifact, f"comprehensive-tests {python}")
        path = Path(done.outputs[matrix_job, "gate"]["report-path"])
        here = on_laptop(project, location, python, "--only", checks, *words)
        there = done.report(artifact)
        there = comparable(there, path.parent.parent)
        assert comparable(here, project) == there
