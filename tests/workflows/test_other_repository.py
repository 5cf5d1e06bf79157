"""Another repository uses the actions by their commit, and has no file of ours."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.act import run_workflow
from tests.support.act_runs import Run
from tests.support.documents import table, tables
from tests.support.interpreters import installed_pythons
from tests.support.launching import copy_checkout
from tests.support.parsing import parse_yaml
from tests.support.rendered_workflows import TEMPLATE
from tests.support.renders import ROOT
from tests.support.repositories import commit_all, commit_of, git

COMMIT = "c1" * 20
FILES = {
    "pyproject.toml": (
        '[project]\nname = "other"\nversion = "1"\nrequires-python = ">=3.10"\n'
    ),
    "src/other/__init__.py": '"""Another package."""\n',
    "npm-debug.log": "left by a tool\n",
    # What the build of any such project leaves.
    ".gitignore": "*.egg-info/\n",
}
WORKFLOW = """\
name: Other
on: push
jobs:
  everything:
    runs-on: ubuntu-24.04
    steps:
      - uses: {checkout}
        with:
          fetch-depth: 0
      - uses: {actions}/set-up@{commit}
        with:
          python-version: "{python}"
          manager: pip
      - id: changes
        uses: {actions}/change-detection@{commit}
      - id: gate
        uses: {actions}/quality-gates@{commit}
        with:
          tier: essential
          checks: no-conflict-markers,lint
      - id: scan
        uses: {actions}/security-scan@{commit}
        with:
          security-level: low
          scanners: bandit
      - id: summary
        uses: {actions}/summary-report@{commit}
        with:
          needs: '{{"everything": {{"result": "success"}}}}'
      - id: cleanup
        continue-on-error: true
        uses: {actions}/cleanup-dev-files@{commit}
      - id: left
        run: |
          echo "status=$(git status --porcelain)" >>"$GITHUB_OUTPUT"
"""


CALLER = """\
name: CI
on:
  push:
  pull_request:
permissions:
  contents: read
jobs:
  ci:
    uses: MementoRC/ci-framework/.github/workflows/python-ci.yml@{commit}
    with:
      tier: essential
      python-versions: "{python}"
      coverage-threshold: "0"
      framework-ref: {commit}
"""
TESTED = {
    "pyproject.toml": (
        '[project]\nname = "other"\nversion = "1"\nrequires-python = ">=3.10"\n'
        '[dependency-groups]\ndev = ["pytest>=8", "mypy>=1.10", "ruff>=0.9"]\n'
        '[tool.pytest.ini_options]\npythonpath = ["src"]\n'
        '[tool.ci-framework.quality]\ntype-checker = "mypy"\n'
    ),
    "src/other/__init__.py": '"""Another package."""\n\nONE = 1\n',
    "tests/test_one.py": (
        '"""Tests."""\n\nfrom other import ONE\n\n\n'
        'def test_one() -> None:\n    """It is one."""\n    assert ONE == 1\n'
    ),
    ".gitignore": "*.egg-info/\n",
}


def package_files(name: str) -> dict[str, str]:
    """A package of a monorepo."""
    folder = f"packages/{name}"
    return {
        f"{folder}/pyproject.toml": (
            f'[project]\nname = "{name}"\nversion = "1"\nrequires-python = ">=3.10"\n'
            '[build-system]\nrequires = ["hatchling"]\n'
            'build-backend = "hatchling.build"\n'
        ),
        f"{folder}/src/{name}/__init__.py": '"""A package."""\n\nONE = 1\n',
        f"{folder}/tests/test_{name}.py": (
            f'"""Tests."""\n\nfrom {name} import ONE\n\n\n'
            f'def test_{name}() -> None:\n    """It is one."""\n    assert ONE == 1\n'
        ),
    }


MONOREPO = {
    **package_files("one"),
    **package_files("two"),
    "pyproject.toml": (
        '[tool.uv.workspace]\nmembers = ["packages/*"]\n'
        '[dependency-groups]\ndev = ["pytest>=8", "mypy>=1.10", "ruff>=0.9"]\n'
        "[tool.ci-framework]\n"
        'source-paths = ["packages/one/src", "packages/two/src"]\n'
        'test-paths = ["packages/one/tests", "packages/two/tests"]\n'
        '[tool.ci-framework.quality]\ntype-checker = "mypy"\n'
    ),
    ".gitignore": "*.egg-info/\n.venv/\nuv.lock\n",
}


def checkout_pin() -> str:
    pins = parse_yaml((ROOT / "extensions" / "action-pins.yaml").read_text("utf-8"))
    for pin in tables(pins["actions"]):
        if pin["uses"] == "actions/checkout":
            return f"actions/checkout@{pin['sha']}"
    raise AssertionError("no pin of actions/checkout")


def test_the_actions_are_those_of_the_template_byte_by_byte() -> None:
    """Nothing but the place of the engine differs, where they start it."""
    actions = TEMPLATE / ".github" / "actions"
    rendered = {
        path.relative_to(actions).as_posix().removeprefix("{{ github_prefix }}"): path
        for path in actions.rglob("*")
        if path.is_file()
    }
    own = {
        path.relative_to(ROOT / "actions").as_posix(): path
        for path in (ROOT / "actions").rglob("*")
        if path.is_file()
    }
    assert own.keys() == rendered.keys()
    starts = 0
    for name, path in own.items():
        of_the_template = rendered[name].read_text(encoding="utf-8").splitlines()
        rows = zip(
            path.read_text(encoding="utf-8").splitlines(), of_the_template, strict=True
        )
        for row, other in rows:
            starts += row != other
            assert row == other.replace(
                "PATH/../../../ci-framework/ci", "PATH/../../ci"
            )
    # Every action but set-up starts it, once.
    assert starts == len(own) - 1


def test_no_file_that_others_use_is_a_link() -> None:
    """Windows checks links out as text."""
    for folder in ("actions", "scripts", "template", "extensions"):
        assert [path for path in (ROOT / folder).rglob("*") if path.is_symlink()] == []


@pytest.mark.heavy
@pytest.mark.timeout(1200)
def test_all_actions_work_in_a_repository_without_files_of_ours(tmp_path: Path) -> None:
    project = tmp_path / "other"
    for name, text in FILES.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")
    workflow = project / ".github" / "workflows" / "other.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text(
        WORKFLOW.format(
            checkout=checkout_pin(),
            actions="MementoRC/ci-framework/actions",
            commit=COMMIT,
            python=next(iter(installed_pythons())),
        ),
        encoding="utf-8",
    )
    commit_all(project)
    run = run_workflow(
        project,
        tmp_path / "act",
        "other.yml",
        "push",
        repositories={
            f"MementoRC/ci-framework@{COMMIT}": copy_checkout(tmp_path / "checkout")
        },
    )
    assert run.code == 0, run.text
    outputs = {step: found for (_, step), found in run.outputs.items()}
    assert outputs["changes"]["manager"] == "pip", run.text
    assert json.loads(outputs["changes"]["matrix"])["include"]
    for step in ("gate", "scan", "summary"):
        assert outputs[step]["verdict"] == "green", run.text
    assert outputs["cleanup"]["verdict"] == "red"
    assert outputs["cleanup"]["cleanup_needed"] == "true"
    assert outputs["left"]["status"] == ""


def call_the_workflow(
    project: Path, place: Path, event: str, payload: dict[str, object] | None = None
) -> Run:
    """Run the workflow that another repository calls by a commit."""
    framework = copy_checkout(place / "checkout")
    called = framework / ".github" / "workflows" / "python-ci.yml"
    called.parent.mkdir(parents=True, exist_ok=True)
    text = (ROOT / ".github" / "workflows" / "python-ci.yml").read_text("utf-8")
    # act would replace the check-out of GitHub by a copy of all files.
    text = re.sub(r"uses: actions/checkout@\S+", "uses: stand-in/checkout@v1", text)
    called.write_text(text, encoding="utf-8")
    return run_workflow(
        project,
        place / "act",
        "ci.yml",
        event,
        payload=payload,
        variables={"STAND_IN_FRAMEWORK": str(framework)},
        repositories={f"MementoRC/ci-framework@{COMMIT}": framework},
    )


def write_files(project: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")


@pytest.mark.heavy
@pytest.mark.timeout(1200)
def test_a_repository_without_files_of_ours_calls_the_whole_workflow(
    tmp_path: Path,
) -> None:
    project = tmp_path / "other"
    python = next(iter(installed_pythons()))
    caller = CALLER.format(commit=COMMIT, python=python)
    write_files(project, {**TESTED, ".github/workflows/ci.yml": caller})
    commit_all(project)
    run = call_the_workflow(project, tmp_path / "green", "push")
    assert run.code == 0, run.text
    kept = {path.name for path in run.artifacts.iterdir()}
    wanted = {"changes-1", "gate-quick-checks-1", f"gate-linux-py{python}-1"}
    assert kept >= {*wanted, "summary-1"}
    assert run.page().startswith("## ci-framework: green\n")
    assert git(project, "status", "--porcelain") == ""


@pytest.mark.heavy
@pytest.mark.timeout(1200)
def test_a_private_monorepo_calls_it_for_a_change_from_a_fork(tmp_path: Path) -> None:
    """The tests of all packages run as one; inputs may have spaces around them."""
    project = tmp_path / "packages"
    python = next(iter(installed_pythons()))
    caller = CALLER.format(commit=COMMIT, python=f" {python} , ")
    write_files(project, {**MONOREPO, ".github/workflows/ci.yml": caller})
    commit_all(project)
    test = project / "packages" / "two" / "tests" / "test_two.py"
    test.write_text(test.read_text("utf-8").replace("== 1", "== 2"), encoding="utf-8")
    commit_all(project)
    repository = {
        "default_branch": "main",
        "full_name": "someone/sample",
        "private": True,
    }
    head = {"ref": "main", "repo": {"full_name": "anybody/sample", "fork": True}}
    base = {"ref": "main", "repo": {"full_name": "someone/sample"}}
    change: dict[str, object] = {
        "number": 7,
        "head": {**head, "sha": commit_of(project, "HEAD")},
        "base": {**base, "sha": commit_of(project, "HEAD~1")},
    }
    payload: dict[str, object] = {"repository": repository, "number": 7}
    payload["pull_request"] = change
    place = tmp_path / "red"
    run = call_the_workflow(project, place, "pull_request", payload)
    assert run.code != 0
    page = run.page()
    assert "packages/two/tests/test_two.py::test_two" in page, run.text
    # Nothing needs more than to read, so nothing was left out for the fork.
    assert "fork" not in page
    (check,) = [
        check
        for check in tables(run.report(f"gate-linux-py{python}")["checks"])
        if check["id"] == "test"
    ]
    assert {str(t["id"]): t["outcome"] for t in tables(check["tests"])} == {
        "packages/two/tests/test_two.py::test_two": "failed"
    }


def test_the_called_workflow_needs_no_more_than_to_read() -> None:
    """GitHub refuses to start a workflow that asks for more than its caller has."""
    document = parse_yaml(
        (ROOT / ".github" / "workflows" / "python-ci.yml").read_text("utf-8")
    )
    assert document["permissions"] == {}
    for name, job in table(document["jobs"]).items():
        asked = table(table(job).get("permissions"))
        assert asked in ({}, {"contents": "read"}), name
