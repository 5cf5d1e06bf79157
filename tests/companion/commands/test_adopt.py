"""Adoption, update and rollback with the command line."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from ci_framework.commands import apply as apply_command
from ci_framework.planning.given_answers import parse_answer
from tests.support.adoptable_repositories import commit, tree, write
from tests.support.adoption_scenes import PROJECT, Companion, make_project, status_of
from tests.support.parsing import parse_yaml
from tests.support.plans import picture
from tests.support.programs import run
from tests.support.projects import git
from tests.support.template_releases import conflicts, update


@pytest.fixture
def companion(capsys: pytest.CaptureFixture[str]) -> Companion:
    return Companion(capsys)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "project")


def apply(
    companion: Companion, project: Path, releases: Path, *words: str, code: int = 0
) -> str:
    template = ["--template", str(releases), "--vcs-ref", "v2.0.0"]
    return companion.run("apply", project, *template, *words, code=code)


def test_adopting_makes_one_commit_on_a_new_branch(
    companion: Companion, project: Path, releases: Path
) -> None:
    before = tree(project)
    apply(companion, project, releases, "--yes")
    branch = run("git", "branch", "--show-current", cwd=project).strip()
    assert branch == "ci-framework/adopt"
    assert tree(project, "HEAD^") == before == tree(project, "main")
    assert status_of(project) == ""
    names = run("git", "diff", "--name-status", "HEAD^", "HEAD", cwd=project)
    changed = {row.split("\t")[1] for row in names.splitlines() if row[0] != "A"}
    assert changed == {"pyproject.toml", ".gitignore", ".pre-commit-config.yaml"}


@pytest.mark.heavy
def test_updates_after_an_adoption_merge_without_conflict(
    companion: Companion, project: Path, releases: Path
) -> None:
    apply(companion, project, releases, "--yes")
    write(project, {"pyproject.toml": "# mine\n" + read(project, "pyproject.toml")})
    commit(project)
    update(project, to="v2.1.0")
    assert conflicts(project) == []
    text = read(project, "pyproject.toml")
    assert text.startswith("# mine\n# The project's own words.\n")
    assert "fail-fast = false" in text


def test_rolling_back_restores_every_byte(
    companion: Companion, project: Path, releases: Path
) -> None:
    before = picture(project)
    apply(companion, project, releases, "--yes")
    assert "main" in companion.run("rollback", project)
    assert picture(project) == before
    assert "nothing to do" in companion.run("rollback", project)


def test_adopting_twice_finds_nothing_to_do(
    companion: Companion, project: Path, releases: Path
) -> None:
    apply(companion, project, releases, "--yes")
    head = run("git", "rev-parse", "HEAD", cwd=project)
    assert "Nothing to do" in companion.run("apply", project, "--yes")
    assert run("git", "rev-parse", "HEAD", cwd=project) == head


@pytest.mark.parametrize("words", [(), ("--plan", "0123456789abcdef")])
def test_without_agreement_nothing_is_written(
    companion: Companion, project: Path, releases: Path, words: tuple[str, ...]
) -> None:
    before = picture(project)
    text = apply(companion, project, releases, *words, code=2)
    assert "--plan" in text
    assert picture(project) == before


def test_the_hash_of_the_plan_is_an_agreement(
    companion: Companion, project: Path, releases: Path
) -> None:
    template = ["--template", str(releases), "--vcs-ref", "v2.0.0"]
    planned = companion.json("plan", project, *template)
    told = companion.json("apply", project, *template, "--plan", planned["hash"])
    assert told["branch"] == "ci-framework/adopt"
    assert told["hash"] == planned["hash"]


def test_a_dry_run_shows_the_plan_and_writes_nothing(
    companion: Companion, project: Path, releases: Path
) -> None:
    before = picture(project)
    text = apply(companion, project, releases, "--dry-run")
    assert "insert-block" in text
    assert picture(project) == before


def _dirty(project: Path, _: pytest.MonkeyPatch) -> None:
    write(project, {"README.md": "changed\n"})


def _unborn(project: Path, _: pytest.MonkeyPatch) -> None:
    run("git", "update-ref", "-d", "HEAD", cwd=project)


def _full(_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", _usage)


def _read_only(_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Only a read-only file system stops root from writing.
    monkeypatch.setattr(os, "access", _no_access)


def _in_order(_: Path, __: pytest.MonkeyPatch) -> None:
    """Only the option is wrong."""


@dataclass(frozen=True)
class _Usage:
    free: int


def _usage(_: Path) -> _Usage:
    return _Usage(free=4096)


def _no_access(*_: object) -> bool:
    return False


@pytest.mark.parametrize(
    ("prepare", "words", "found", "hint"),
    [
        (_dirty, (), "uncommitted changes: README.md", "git stash"),
        (_unborn, (), "no commit yet", "git commit"),
        (_full, (), "4 KiB of disk space are free", "free disk space"),
        (_read_only, (), "no permission to write", "change its permissions"),
        (_in_order, ("--branch=a..b",), "the name of a branch", "check-ref-format"),
    ],
)
@pytest.mark.parametrize("command", ["adopt", "apply"])
def test_what_no_plan_can_change_is_refused_before_there_is_one(
    companion: Companion,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    command: str,
    prepare: Callable[[Path, pytest.MonkeyPatch], None],
    words: tuple[str, ...],
    found: str,
    hint: str,
) -> None:
    prepare(project, monkeypatch)
    monkeypatch.setattr(apply_command, "build_plan", _planned_too_early)
    text = companion.run(command, project, *words, "--yes", code=2)
    assert found in text
    assert hint in text.split("hint: ")[1]


def _planned_too_early(*_: object) -> None:
    raise AssertionError("nothing is planned before")


def test_a_plan_of_a_repository_without_a_commit_is_refused(
    companion: Companion, project: Path
) -> None:
    """Uncommitted changes are not analyzed, so a plan would not include them."""
    run("git", "update-ref", "-d", "HEAD", cwd=project)
    assert "no commit yet" in companion.run("plan", project, code=2)


@pytest.mark.heavy
def test_edited_answers_are_what_is_rendered(
    companion: Companion, project: Path, releases: Path, tmp_path: Path
) -> None:
    template = ["--template", str(releases), "--vcs-ref", "v2.0.0"]
    file = tmp_path / "answers.yml"
    companion.run("plan", project, *template, "--write-answers", file)
    answers = parse_yaml(file.read_text("utf-8"))
    assert answers["source_paths"] == ["src"]
    answers["quality_tier"] = "essential"
    file.write_text(yaml.safe_dump(answers), "utf-8")
    planned = companion.json("plan", project, *template, "--answers", file)
    assert planned["answers"]["quality_tier"] == "essential"
    assert planned["reasons"]["quality_tier"] == "given by the user"


def test_the_status_reports_how_far_it_is(
    companion: Companion, project: Path, releases: Path
) -> None:
    assert companion.json("status", project)["phase"] == "none"
    apply(companion, project, releases, "--yes")
    told = companion.json("status", project)
    assert told["branch"] == "ci-framework/adopt"
    assert told["phase"] == "applied"
    # Only a validated adoption is done.
    assert not told["done"]
    assert told["next-command"] == "ci-framework validate"


@pytest.mark.heavy
def test_a_validation_nobody_agreed_to_runs_nothing(
    companion: Companion, project: Path, releases: Path, tmp_path: Path
) -> None:
    trap = f"open({str(tmp_path / 'ran')!r}, 'w')\n"
    write(project, {"tests/conftest.py": trap})
    commit(project)
    apply(companion, project, releases, "--yes")
    text = companion.run("validate", project, code=3)
    assert "no consent to run" in text
    assert "pytest" in text
    assert not (tmp_path / "ran").exists()


@pytest.mark.heavy
def test_a_static_adoption_is_validated_as_far_as_reading_goes(
    companion: Companion, project: Path, releases: Path, tmp_path: Path
) -> None:
    where = tmp_path / "reports"
    template = ["--template", str(releases), "--vcs-ref", "v2.0.0"]
    words = ["--yes", "--static", "--report-dir", str(where)]
    text = companion.run("adopt", project, *template, *words)
    assert "validated statically" in text
    told = companion.json("status", project)
    assert told["validation"]["verdict"] == "static"
    # A static validation is not enough: the whole validation is left to do.
    assert (told["done"], told["next-command"]) == (False, "ci-framework validate")
    page = (where / "adoption.md").read_text("utf-8")
    assert "no code of the project was run" in page
    assert "rollback" in page
    assert "ruff" in page
    assert json.loads((where / "adoption.json").read_text("utf-8"))
    assert status_of(project) == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("plan", "nowhere"), "no such directory"),
        (("plan", "."), "no git work tree"),
        (("plan", "project", "--answer", "oops"), "NAME=VALUE"),
        (("plan", "project", "--template", "nowhere"), "--template"),
        (("plan", "project/src"), "its top"),
        (("plan", "bare repository"), "git clone 'bare repository'"),
        (("validate", "project"), "no adoption"),
        (("rollback", "project"), "no adoption"),
    ],
)
def test_a_mistake_is_reported_with_what_is_allowed(
    companion: Companion,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(project.parent)
    git(project, "init", "--quiet", "--bare", "../bare repository")
    text = companion.run(*words, code=2)
    assert said in text
    assert any(word in text for word in ("expected", "hint:"))


@pytest.mark.heavy
def test_an_answer_to_no_question_is_refused_with_the_nearest(
    companion: Companion, project: Path, releases: Path
) -> None:
    words = ["--yes", "--answer", "quality_teir=full"]
    text = apply(companion, project, releases, *words, code=2)
    assert "did you mean 'quality_tier'?" in text
    assert status_of(project) == ""


@pytest.mark.heavy
def test_adopting_goes_on_where_only_the_proof_is_missing(
    companion: Companion, project: Path, releases: Path
) -> None:
    apply(companion, project, releases, "--yes")
    text = companion.run("adopt", project, "--yes", "--static")
    assert "validated statically" in text


def test_an_answer_is_yaml() -> None:
    assert parse_answer("source_paths=[src, 'a b']") == ("source_paths", ["src", "a b"])
    assert parse_answer("coverage_threshold=80") == ("coverage_threshold", 80)


def test_the_project_of_these_tests_keeps_its_comments(
    companion: Companion, project: Path, releases: Path
) -> None:
    apply(companion, project, releases, "--yes")
    for name in ("pyproject.toml", ".pre-commit-config.yaml"):
        kept = [line for line in str(PROJECT[name]).splitlines() if "#" in line]
        assert kept
        assert all(line in read(project, name).splitlines() for line in kept)


def read(project: Path, name: str) -> str:
    return (project / name).read_text("utf-8")


@pytest.mark.heavy
def test_a_file_of_the_project_in_place_of_the_launcher_is_refused(
    companion: Companion, project: Path, releases: Path
) -> None:
    write(project, {"ci-framework/ci": "echo mine\n"})
    commit(project)
    before = picture(project)
    template = ["--template", str(releases), "--vcs-ref", "v2.0.0"]
    text = companion.run("adopt", project, *template, "--yes", code=2)
    assert "ci-framework/ci" in text
    assert "git mv ci-framework/ci NEW_NAME" in text
    assert picture(project) == before


@pytest.mark.parametrize(
    "command",
    [
        *("analyze", "plan", "apply", "validate", "adopt"),
        *("rollback", "resume", "status", "regenerate"),
    ],
)
def test_every_command_takes_the_same_flags(
    companion: Companion, tmp_path: Path, command: str
) -> None:
    words = (command, tmp_path, "--yes", "--json", "--report-dir", tmp_path / "r")
    assert "no git work tree" in companion.run(*words, code=2)


def test_a_dry_run_of_a_rollback_changes_nothing(
    companion: Companion, project: Path, releases: Path
) -> None:
    apply(companion, project, releases, "--yes")
    before = picture(project, ours=True)
    text = companion.run("rollback", project, "--dry-run")
    assert "would be rolled back: its branch is deleted" in text
    assert picture(project, ours=True) == before
