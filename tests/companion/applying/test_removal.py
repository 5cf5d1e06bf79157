"""A rollback after updates, and with lines of the project beside the blocks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ci_engine.errors import UsageError
from ci_framework.applying.apply import apply_plan
from ci_framework.applying.rollback import rollback
from ci_framework.repository import open_repository
from tests.support.adoptable_repositories import commit, tree
from tests.support.adoption_scenes import PROJECT, make_project, plan, status_of
from tests.support.programs import run
from tests.support.template_releases import (
    conflicts,
    edit,
    make_releases,
    update,
)

# Each adopts, updates and rolls back a whole repository.
pytestmark = pytest.mark.heavy


@pytest.fixture(autouse=True)
def identity() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for role in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{role}_NAME", "Ada Example")
            patch.setenv(f"GIT_{role}_EMAIL", "ada@example.org")
        yield


def adopted(path: Path, releases: Path, **settings: str) -> tuple[Path, str]:
    """The project with an adoption, and the tree that it had before."""
    project = make_project(path)
    for name, value in settings.items():
        run("git", "config", name.replace("_", "."), value, cwd=project)
    if settings:
        # Check it out as git does with these settings.
        run("git", "rm", "-q", "--cached", "-r", ".", cwd=project)
        run("git", "reset", "-q", "--hard", cwd=project)
    before = tree(project)
    built = plan(project, releases)
    apply_plan(open_repository(project), built.plan, built.changes, message="adopt\n")
    return project, before


@pytest.mark.parametrize("autocrlf", ["false", "true"])
def test_an_adoption_that_was_updated_is_rolled_back(
    tmp_path: Path, releases: Path, autocrlf: str
) -> None:
    project, before = adopted(tmp_path, releases, core_autocrlf=autocrlf)
    assert plan(project, releases).plan.operations == []
    update(project)
    assert conflicts(project) == []
    commit(project, "update")
    assert rollback(open_repository(project)).how == "revert"
    assert tree(project) == before
    assert status_of(project) == ""
    assert not (project / "ci-framework").exists()


def test_updates_are_clean_where_git_is_set_to_the_line_ends_of_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What changes beside the first line of a block is merged line by line.
    (tmp_path / "releases").mkdir()
    releases = make_releases(tmp_path / "releases")
    ignored = releases / "template" / ".gitignore.jinja"
    edit(ignored, ".ci-framework/\n", ".first/\n.ci-framework/\n")
    commit(releases, "more")
    run("git", "tag", "v2.2.0", cwd=releases)
    settings = tmp_path / "settings"
    settings.write_text("[core]\nautocrlf = true\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    more = {".gitignore": "a\nb\n", ".gitattributes": "* text=auto\n"}
    project = make_project(tmp_path / "project", {**PROJECT, **more})
    run("git", "config", "--unset", "core.autocrlf", cwd=project)
    run("git", "rm", "-q", "--cached", "-r", ".", cwd=project)
    run("git", "reset", "-q", "--hard", cwd=project)
    before = tree(project)
    built = plan(project, releases)
    apply_plan(open_repository(project), built.plan, built.changes, message="adopt\n")
    assert plan(project, releases).plan.operations == []
    for name in ("v2.1.0", "v2.2.0"):
        update(project, to=name)
        assert conflicts(project) == []
        commit(project, name)
    assert ".first/" in (project / ".gitignore").read_text()
    rollback(open_repository(project))
    assert tree(project) == before


def test_lines_behind_and_inside_files_with_blocks_stay(
    tmp_path: Path, releases: Path
) -> None:
    project, _ = adopted(tmp_path, releases)
    more = {
        ".gitignore": "mine.log\n",
        ".gitattributes": "*.png binary\n",
        "pyproject.toml": "\n[tool.mine]\na = 1\n",
    }
    texts = {name: (project / name).read_text() for name in more}
    for name, text in more.items():
        (project / name).write_text(texts[name] + text)
    commit(project, "mine")
    update(project)
    commit(project, "update")
    rollback(open_repository(project))
    assert (project / ".gitignore").read_text() == "*.pyc\nmine.log\n"
    assert (project / ".gitattributes").read_text() == "*.png binary\n"
    text = (project / "pyproject.toml").read_text()
    assert text.endswith("# ends with a comment\n\n[tool.mine]\na = 1\n")
    assert "ci-framework" not in text


def test_a_block_that_was_edited_is_not_lost(tmp_path: Path, releases: Path) -> None:
    project, _ = adopted(tmp_path, releases)
    location = project / ".gitignore"
    location.write_text(location.read_text().replace("__pycache__/\n", "mine/\n"))
    commit(project, "mine")
    with pytest.raises(UsageError, match=r"later commits change .*\.gitignore"):
        rollback(open_repository(project))
    assert "mine/" in location.read_text()
