"""Analyzing an adopted repository again, and updating changed answers."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ci_framework.applying.apply import apply_plan
from ci_framework.repository import open_repository
from tests.support.adoptable_repositories import commit, write
from tests.support.adoption_scenes import (
    PROJECT,
    Companion,
    make_project,
    plan,
    status_of,
)
from tests.support.programs import run
from tests.support.renders import read_answers
from tests.support.template_releases import conflicts, update

# Slow: each test runs real programs.
pytestmark = pytest.mark.heavy

# An answer that the analysis would not give.
_CHOSEN: Mapping[str, Any] = {
    "test_paths": ["tests", "checks"],
    "coverage_threshold": 70,
}


@pytest.fixture
def companion(capsys: pytest.CaptureFixture[str]) -> Companion:
    return Companion(capsys)


@pytest.fixture(scope="module")
def adopted(tmp_path_factory: pytest.TempPathFactory, releases: Path) -> Path:
    """An adopted project with two answers of the user's own."""
    path = make_project(
        tmp_path_factory.mktemp("adopted") / "project",
        {**PROJECT, "checks/test_more.py": "def test_more():\n    pass\n"},
    )
    built = plan(path, releases, **_CHOSEN)
    apply_plan(open_repository(path), built.plan, built.changes, message="adopt\n")
    run("git", "switch", "--quiet", "-C", "main", cwd=path)
    return path


@pytest.fixture
def project(adopted: Path, tmp_path: Path) -> Path:
    path = tmp_path / "project"
    shutil.copytree(adopted, path, symlinks=True)
    return path


def change(project: Path, files: Mapping[str, str | bytes], *gone: str) -> None:
    """Commit later work of the project."""
    write(project, files)
    for name in gone:
        run("git", "rm", "-q", "-r", name, cwd=project)
    commit(project)


def offered(companion: Companion, project: Path, *words: str) -> dict[str, object]:
    told = companion.json("regenerate", project, *words)
    return {item["answer"]: item["offered"] for item in told["offers"]}


def test_an_adopted_repository_that_did_not_change_is_left_alone(
    companion: Companion, project: Path
) -> None:
    assert offered(companion, project) == {}
    assert "nothing to change" in companion.run("regenerate", project, "--yes")
    assert status_of(project) == ""


@pytest.mark.parametrize(
    ("files", "gone", "wanted"),
    [
        (
            {"src/circles/__init__.py": "", "tools/report/__init__.py": ""},
            "README.md",
            {},
        ),
        ({"lib/shapes/__init__.py": ""}, "src", {"source_paths": ["lib/shapes"]}),
        (
            {"mypy.ini": "[mypy]\nstrict = true\n"},
            "README.md",
            {"type_checker": "mypy"},
        ),
        ({"uv.lock": "version = 1\n"}, "README.md", {"package_manager": "uv"}),
    ],
    ids=["same-places", "moved", "tool", "manager"],
)
def test_exactly_what_changed_is_offered(
    companion: Companion,
    project: Path,
    files: Mapping[str, str],
    gone: str,
    wanted: Mapping[str, object],
) -> None:
    change(project, files, gone)
    assert offered(companion, project) == wanted
    assert status_of(project) == ""


def test_an_answer_against_the_analysis_is_not_offered_again(
    companion: Companion, project: Path
) -> None:
    change(project, {"lib/shapes/__init__.py": ""}, "src")
    assert not {*offered(companion, project)} & {*_CHOSEN}


def test_an_answer_is_offered_once_the_analysis_sees_it_otherwise(
    companion: Companion, project: Path
) -> None:
    measured = (
        '[dependency-groups]\ndev = ["pytest-cov"]\n\n'
        "[tool.coverage.report]\nfail_under = 85\n\n"
    )
    before = (project / "pyproject.toml").read_text("utf-8")
    text = before.replace("[tool.ruff]\n", f"{measured}[tool.ruff]\n", 1)
    assert text != before
    change(project, {"pyproject.toml": text})
    assert offered(companion, project) == {"coverage_threshold": 85}


def test_an_update_in_between_hides_no_change(
    companion: Companion, project: Path
) -> None:
    """The answers file changes with each update, the answers do not."""
    change(project, {"mypy.ini": "[mypy]\nstrict = true\n"})
    answers = (project / ".copier-answers.yml").read_text("utf-8")
    touched = answers.replace("_commit: v2.0.0", "_commit: v2.0.0 # the same")
    assert touched != answers
    change(project, {".copier-answers.yml": touched})
    assert offered(companion, project) == {"type_checker": "mypy"}


def test_what_a_clone_knows_of_branches_and_remotes_is_no_change(
    companion: Companion, project: Path
) -> None:
    address = "https://github.com/other/shapes.git"
    run("git", "remote", "add", "origin", address, cwd=project)
    run("git", "switch", "--quiet", "-c", "feature", cwd=project)
    trunk = "refs/remotes/origin/trunk"
    run("git", "update-ref", trunk, "HEAD", cwd=project)
    run("git", "symbolic-ref", "refs/remotes/origin/HEAD", trunk, cwd=project)
    assert offered(companion, project) == {}


def test_agreement_updates_without_conflict_and_commits_nothing(
    companion: Companion, project: Path
) -> None:
    change(project, {"lib/shapes/__init__.py": ""}, "src")
    head = run("git", "rev-parse", "HEAD", cwd=project)
    told: dict[str, Any] = companion.json("regenerate", project, "--yes")
    assert told["taken"] == {"source_paths": ["lib/shapes"]}
    changed = [".copier-answers.yml", "ci-framework/files.sha256", "pyproject.toml"]
    assert told["changed"] == changed
    assert conflicts(project) == []
    assert run("git", "rev-parse", "HEAD", cwd=project) == head
    rows = status_of(project).splitlines()
    assert rows == [f" M {name}" for name in changed]
    answers = read_answers(project)
    assert answers["source_paths"] == ["lib/shapes"]
    assert {name: answers[name] for name in _CHOSEN} == _CHOSEN
    text = (project / "pyproject.toml").read_text("utf-8")
    assert '"lib/shapes"' in text
    assert text.startswith("# The project's own words.\n")
    commit(project)
    assert offered(companion, project) == {}


def test_an_answer_of_the_user_is_taken_as_well(
    companion: Companion, project: Path
) -> None:
    words = ["--yes", "--answer", "quality_tier=essential"]
    companion.run("regenerate", project, *words)
    assert read_answers(project)["quality_tier"] == "essential"
    commit(project)
    # The user chose it against the analysis, so it stays.
    assert offered(companion, project) == {}


def test_a_version_taken_later_merges_with_what_was_taken(
    companion: Companion, project: Path
) -> None:
    change(project, {"lib/shapes/__init__.py": ""}, "src")
    companion.run("regenerate", project, "--yes")
    commit(project)
    update(project, to="v2.1.0")
    assert conflicts(project) == []
    assert read_answers(project)["source_paths"] == ["lib/shapes"]


def test_without_agreement_nothing_is_written(
    companion: Companion, project: Path
) -> None:
    change(project, {"lib/shapes/__init__.py": ""}, "src")
    text = companion.run("regenerate", project)
    assert "source_paths" in text
    assert "--yes" in text
    assert status_of(project) == ""


@pytest.mark.parametrize("name", ["README.md", "new.txt"])
def test_work_that_is_not_committed_is_not_mixed_with_the_update(
    companion: Companion, project: Path, name: str
) -> None:
    change(project, {"lib/shapes/__init__.py": ""}, "src")
    write(project, {name: "mine\n"})
    before = status_of(project)
    text = companion.run("regenerate", project, "--yes", code=2)
    assert name in text
    assert "hint: commit or stash" in text
    assert status_of(project) == before


def test_a_repository_that_was_not_adopted_gets_a_hint(
    companion: Companion, tmp_path: Path
) -> None:
    project = make_project(tmp_path / "project")
    text = companion.run("regenerate", project, code=2)
    assert "ci-framework adopt" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--vcs-ref", "v2.1.0"), "copier update"),
        (("--answer", "sauce_paths=[lib]"), "sauce_paths"),
    ],
)
def test_what_it_does_not_do_is_refused(
    companion: Companion, project: Path, words: tuple[str, ...], said: str
) -> None:
    text = companion.run("regenerate", project, *words, code=2)
    assert said in text
    assert "expected" in text or "hint:" in text


def test_an_answer_the_template_refuses_changes_nothing(
    companion: Companion, project: Path
) -> None:
    words = ["--yes", "--answer", "coverage_threshold=101"]
    text = companion.run("regenerate", project, *words, code=2)
    assert "coverage_threshold" in text
    assert status_of(project) == ""


def test_a_template_that_is_gone_is_reported_without_a_traceback(
    companion: Companion, project: Path
) -> None:
    path = project / ".copier-answers.yml"
    lines = path.read_text("utf-8").splitlines()
    kept = [line for line in lines if not line.startswith("_src_path")]
    gone = (project.parent / "gone").as_uri()
    text = "\n".join([*kept, f"_src_path: {gone}", ""])
    change(project, {path.name: text, "lib/shapes/__init__.py": ""}, "src")
    said = companion.run("regenerate", project, "--yes", code=3)
    assert "the update failed" in said
    assert status_of(project) == ""


def test_a_history_that_is_too_short_is_reported_not_guessed(
    companion: Companion, project: Path, tmp_path: Path
) -> None:
    change(project, {"lib/shapes/__init__.py": ""}, "src")
    shallow = tmp_path / "shallow"
    run("git", "clone", "-q", "--depth=1", project.as_uri(), str(shallow), cwd=tmp_path)
    told = companion.json("regenerate", shallow)
    # Choices of the user cannot be distinguished from changed facts.
    assert {item["answer"] for item in told["offers"]} == {"source_paths", *_CHOSEN}
    assert {item["since"] for item in told["offers"]} == {""}
    assert "--unshallow" in companion.run("regenerate", shallow)
    run("git", "fetch", "-q", "--unshallow", cwd=shallow)
    assert offered(companion, shallow) == {"source_paths": ["lib/shapes"]}
