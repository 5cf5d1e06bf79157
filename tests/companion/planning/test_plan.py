"""A plan lists what would change and why, and changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_engine.errors import CommandError, UsageError
from ci_framework.applying.apply import apply_plan
from ci_framework.planning.build import BuiltPlan, PlanRequest, build_plan
from ci_framework.planning.plan import Operation
from ci_framework.repository import open_repository
from tests.support.adoptable_repositories import commit, write
from tests.support.adoption_scenes import PROJECT, make_project, plan, status_of

FLOW = "repos: [{repo: local, hooks: [{id: a, name: a, entry: a, language: system}]}]\n"


def kinds(built: BuiltPlan) -> dict[str, list[str]]:
    """The files of a plan by the kind of the operation."""
    found: dict[str, list[str]] = {}
    for item in built.plan.operations:
        found.setdefault(item.kind, []).append(item.path)
    return found


def only(built: BuiltPlan, path: str) -> Operation:
    [operation] = [item for item in built.plan.operations if item.path == path]
    return operation


def applied(path: Path, built: BuiltPlan) -> None:
    apply_plan(open_repository(path), built.plan, built.changes, message="adopt\n")


def test_the_same_repository_and_answers_give_the_same_hash(
    tmp_path: Path, releases: Path
) -> None:
    first = make_project(tmp_path / "one")
    second = make_project(tmp_path / "elsewhere" / "two")
    assert plan(first, releases).plan.hash == plan(second, releases).plan.hash


@pytest.mark.parametrize(
    "change", ["answer", pytest.param("version", marks=pytest.mark.heavy), "file"]
)
def test_another_input_gives_another_hash(
    tmp_path: Path, releases: Path, change: str
) -> None:
    path = make_project(tmp_path / "p")
    before = plan(path, releases).plan.hash
    if change == "file":
        write(path, {".gitignore": "*.pyo\n"})
        commit(path)
    answers: dict[str, object] = {"quality_tier": "full"} if change == "answer" else {}
    ref = "v2.1.0" if change == "version" else "v2.0.0"
    assert plan(path, releases, ref=ref, **answers).plan.hash != before


def test_planning_neither_writes_nor_executes(tmp_path: Path, releases: Path) -> None:
    trap = f"open({str(tmp_path / 'ran')!r}, 'w')\n"
    more = {"setup.py": trap, "conftest.py": trap, "noxfile.py": trap}
    path = make_project(tmp_path / "p", {**PROJECT, **more})
    plan(path, releases)
    assert status_of(path) == ""
    assert not (tmp_path / "ran").exists()


def test_every_operation_says_why(tmp_path: Path, releases: Path) -> None:
    built = plan(make_project(tmp_path / "p"), releases)
    assert all(item.reason for item in built.plan.operations)
    found = kinds(built)
    assert set(found["insert-block"]) == {
        ".gitignore",
        ".pre-commit-config.yaml",
        "pyproject.toml",
    }
    assert found["keep"] == [".github/workflows/tests.yml"]
    assert "README.md" not in {item.path for item in built.plan.operations}


def test_edits_insert_whole_spans_and_touch_nothing_else(
    tmp_path: Path, releases: Path
) -> None:
    built = plan(make_project(tmp_path / "p"), releases)
    for change in built.changes:
        if change.before is not None and change.after is not None:
            rest = change.after
            for span in reversed(change.spans):
                rest = rest[: span.start] + rest[span.end :]
            assert rest == change.before, change.path


def test_what_only_a_workflow_selects_is_lifted_into_the_settings(
    tmp_path: Path, releases: Path
) -> None:
    built = plan(make_project(tmp_path / "p"), releases)
    [change] = [item for item in built.changes if item.path == "pyproject.toml"]
    assert b"not slow" in (change.after or b"")
    assert any("commands.test" in item.reason for item in built.plan.operations)


def test_every_part_of_the_existing_ci_is_mapped(
    tmp_path: Path, releases: Path
) -> None:
    built = plan(make_project(tmp_path / "p"), releases)
    lines = {item.line for item in built.plan.capabilities}
    assert {7, 8} <= lines
    assert {item.state for item in built.plan.capabilities} <= {"covered", "kept"}


@pytest.mark.heavy
def test_a_file_of_the_project_is_never_overwritten(
    tmp_path: Path, releases: Path
) -> None:
    own = {".github/zizmor.yml": "rules: {}\n"}
    built = plan(make_project(tmp_path / "p", {**PROJECT, **own}), releases)
    assert ".github/zizmor.yml" not in {change.path for change in built.changes}
    assert built.plan.answers["unmanaged"] == [".github/zizmor.yml"]


def test_an_adopted_project_gets_the_security_audit(
    tmp_path: Path, releases: Path
) -> None:
    built = plan(make_project(tmp_path / "p"), releases)
    audit = ".github/workflows/security-audit.yml"
    assert audit in {change.path for change in built.changes}
    assert built.plan.answers["unmanaged"] == []


@pytest.mark.heavy
def test_taken_names_of_workflows_give_ours_a_prefix(
    tmp_path: Path, releases: Path
) -> None:
    own = {".github/workflows/python-ci.yml": PROJECT[".github/workflows/tests.yml"]}
    built = plan(make_project(tmp_path / "p", {**PROJECT, **own}), releases)
    prefix = built.plan.answers["github_prefix"]
    assert prefix
    created = kinds(built)["create"]
    assert f".github/workflows/{prefix}python-ci.yml" in created
    assert ".github/workflows/python-ci.yml" not in created


@pytest.mark.heavy
def test_a_list_that_takes_no_block_stays_and_gets_a_ready_patch(
    tmp_path: Path, releases: Path
) -> None:
    more = {".pre-commit-config.yaml": FLOW}
    built = plan(make_project(tmp_path / "p", {**PROJECT, **more}), releases)
    operation = only(built, ".pre-commit-config.yaml")
    assert operation.kind == "manual"
    assert "ci-framework-lint" in operation.patch
    assert ".pre-commit-config.yaml" in str(built.plan.answers["unmanaged"])


@pytest.mark.heavy
def test_a_project_without_pyproject_gets_none(tmp_path: Path, releases: Path) -> None:
    files = {"setup.py": "from setuptools import setup\nsetup(name='old')\n"}
    built = plan(make_project(tmp_path / "p", files), releases)
    created = kinds(built)["create"]
    assert "ci-framework.toml" in created
    assert "pyproject.toml" not in created


@pytest.mark.heavy
def test_settings_go_beside_a_pyproject_that_cannot_take_them(
    tmp_path: Path, releases: Path
) -> None:
    more = {"pyproject.toml": "tool = {}\n"}
    built = plan(make_project(tmp_path / "p", {**PROJECT, **more}), releases)
    assert "ci-framework.toml" in kinds(built)["create"]
    assert "pyproject.toml" not in {change.path for change in built.changes}


@pytest.mark.heavy
def test_the_answers_of_another_template_stay(tmp_path: Path, releases: Path) -> None:
    other = "_commit: v1\n_src_path: https://example.org/other\nname: x\n"
    more = {".copier-answers.yml": other}
    built = plan(make_project(tmp_path / "p", {**PROJECT, **more}), releases)
    assert built.plan.answers_file == ".copier-answers.ci-framework.yml"
    assert ".copier-answers.yml" not in {change.path for change in built.changes}


@pytest.mark.heavy
def test_a_workflow_is_retired_only_on_request(tmp_path: Path, releases: Path) -> None:
    path = make_project(tmp_path / "p")
    name = ".github/workflows/tests.yml"
    request = PlanRequest(template=str(releases), ref="v2.0.0", retire=[name])
    built = build_plan(open_repository(path), request)
    assert only(built, name).kind == "retire"
    assert any(c.path == name and c.after is None for c in built.changes)


def test_a_workflow_that_another_one_needs_is_not_retired(
    tmp_path: Path, releases: Path
) -> None:
    after = "on:\n  workflow_run:\n    workflows: [Tests]\njobs: {}\n"
    more = {".github/workflows/after.yml": after}
    path = make_project(tmp_path / "p", {**PROJECT, **more})
    request = PlanRequest(
        template=str(releases), ref="v2.0.0", retire=[".github/workflows/tests.yml"]
    )
    with pytest.raises(CommandError, match=r"after\.yml"):
        build_plan(open_repository(path), request)


def test_a_name_that_is_no_workflow_is_refused(tmp_path: Path, releases: Path) -> None:
    request = PlanRequest(template=str(releases), ref="v2.0.0", retire=["README.md"])
    with pytest.raises(CommandError, match=r"tests\.yml"):
        build_plan(open_repository(make_project(tmp_path / "p")), request)


def test_an_answer_the_template_refuses_is_named(
    tmp_path: Path, releases: Path
) -> None:
    path = make_project(tmp_path / "p")
    with pytest.raises(CommandError, match="coverage_threshold"):
        plan(path, releases, coverage_threshold=101)


@pytest.mark.parametrize("crlf", [False, pytest.param(True, marks=pytest.mark.heavy)])
def test_an_adopted_repository_plans_nothing(
    tmp_path: Path, releases: Path, crlf: bool
) -> None:
    files = dict(PROJECT)
    if crlf:
        for name in ("pyproject.toml", ".gitignore", ".pre-commit-config.yaml"):
            files[name] = str(PROJECT[name]).replace("\n", "\r\n")
    path = make_project(tmp_path / "p", files)
    applied(path, plan(path, releases))
    again = build_plan(open_repository(path), PlanRequest())
    assert again.adopted
    assert again.plan.operations == []
    assert again.changes == []


def test_a_changed_file_of_ours_is_reported_not_repaired(
    tmp_path: Path, releases: Path
) -> None:
    path = make_project(tmp_path / "p")
    applied(path, plan(path, releases))
    write(path, {"ci-framework/scripts/validate-config.sh": "exit\n"})
    commit(path)
    again = build_plan(open_repository(path), PlanRequest())
    assert kinds(again) == {"manual": ["ci-framework/scripts/validate-config.sh"]}
    assert again.changes == []


def test_a_file_of_ours_that_was_deleted_stays_so(
    tmp_path: Path, releases: Path
) -> None:
    path = make_project(tmp_path / "p")
    applied(path, plan(path, releases))
    (path / ".github" / "zizmor.yml").unlink()
    commit(path)
    assert build_plan(open_repository(path), PlanRequest()).plan.operations == []


def test_files_that_do_not_parse_are_left_alone_and_reported(
    tmp_path: Path, releases: Path
) -> None:
    broken = {".github/workflows/broken.yml": "on: [push\njobs: {\n"}
    built = plan(make_project(tmp_path / "p", {**PROJECT, **broken}), releases)
    operation = only(built, ".github/workflows/broken.yml")
    assert operation.kind == "manual"
    assert "cannot be parsed" in operation.reason


@pytest.mark.parametrize(
    ("job", "told"),
    [
        ("  ci-success:\n    runs-on: x\n    steps: []\n", True),
        ("  all:\n    name: security-success\n    runs-on: x\n    steps: []\n", True),
        ("  ci-success:\n    name: All\n    runs-on: x\n    steps: []\n", False),
    ],
)
def test_a_check_by_the_name_of_ours_is_reported(
    tmp_path: Path, releases: Path, job: str, told: bool
) -> None:
    path = ".github/workflows/mine.yml"
    files = {**PROJECT, path: f"on: push\njobs:\n{job}"}
    built = plan(make_project(tmp_path / "p", files), releases)
    reasons = [
        operation.reason
        for operation in built.plan.operations
        if (operation.kind, operation.path) == ("manual", path)
    ]
    assert any("rename it" in reason for reason in reasons) is told


@pytest.mark.parametrize("name", ["quality_tier", "coverage_threshold"])
def test_an_answer_of_nothing_is_refused_by_its_name(
    tmp_path: Path, releases: Path, name: str
) -> None:
    request = PlanRequest(template=str(releases), ref="v2.0.0", answers={name: None})
    repository = open_repository(make_project(tmp_path / "p"))
    with pytest.raises(UsageError, match=rf"--answer {name}: expected .*, got null"):
        build_plan(repository, request)


TOX = {
    "tox.ini": "[testenv]\ndeps =\n  pytest>=7\n  -r more.txt\ncommands = pytest\n",
    "requirements.txt": "attrs\n",
    "more.txt": "idna\n",
}


def test_what_only_tox_installs_is_written_for_the_gate(
    tmp_path: Path, releases: Path
) -> None:
    built = plan(make_project(tmp_path / "p", {**PROJECT, **TOX}), releases)
    path = "ci-framework/project/test-requirements.txt"
    assert only(built, path).evidence[0].path == "tox.ini"
    [change] = [item for item in built.changes if item.path == path]
    rows = (change.after or b"").decode().splitlines()
    assert [row for row in rows if row[0] != "#"] == [
        "-r ../../requirements.txt",
        "pytest>=7",
        "-r ../../more.txt",
    ]
    [settings] = [item for item in built.changes if item.path == "pyproject.toml"]
    assert f'essential = "{path}"'.encode() in (settings.after or b"")


@pytest.mark.heavy
def test_a_gate_that_cannot_run_the_tests_is_a_step_for_a_person(
    tmp_path: Path, releases: Path
) -> None:
    files = {**PROJECT, **TOX, "uv.lock": "version = 1\n"}
    built = plan(make_project(tmp_path / "p", files), releases)
    operation = only(built, "tox.ini")
    assert operation.kind == "manual"
    assert "cannot run the tests" in operation.reason
    assert "uv add --group dev pytest" in operation.reason
