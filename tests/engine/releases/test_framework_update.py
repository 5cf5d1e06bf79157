"""The text of a proposal, and projects that cannot be updated.

The steps of an update are in test_update_steps.py; that real releases merge, the
execution of the workflow shows.
"""

from __future__ import annotations

from pathlib import Path

from ci_engine.project.git import Git
from ci_engine.releases.framework_changes import read_changes
from ci_engine.releases.framework_update import MadeUpdate
from ci_engine.releases.update_proposal import describe
from tests.support.projects import DemoProject, git

CHANGELOG = """\
# Changelog

## 3.0.0 - 2026-11-29

Before you update:

- Commit your work, @team.

### Removed

- A key.

## 2.1.0 - 2026-11-01

- A command.

## 2.0.0 - 2026-10-01

- The start.
"""


def test_names_are_no_markup() -> None:
    made = MadeUpdate(
        current="1", latest="2", commit="x", conflicts=["<b>@me</b>"], notes=["a`b"]
    )
    text = describe(made)
    assert "- `<b>@me</b>`" in text
    assert "- `` a`b ``" in text


def test_what_cannot_be_updated(project: DemoProject) -> None:
    (project.root / ".copier-answers.yml").unlink()
    run = project.run("update")
    assert (run.code, "there is no answers file" in run.stderr) == (2, True)
    project.write(".copier-answers.yml", "name: demo\n")
    run = project.run("update", "--pull-request")
    assert (run.code, "run `ci-framework/ci update` first" in run.stderr) == (2, True)


def test_a_reviewer_finds_each_conflict_and_the_way_to_resolve_it() -> None:
    made = MadeUpdate(
        current="2.0.0",
        latest="3.0.0",
        commit="x",
        conflicts=["many.toml", "one.yml", "y.rej"],
        conflict_lines={"one.yml": [7], "many.toml": [*range(1, 13)], "y.rej": []},
    )
    text = describe(made)
    assert "- `many.toml`, lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more\n" in text
    assert "- `one.yml`, line 7\n" in text
    assert "- `y.rej`\n" in text
    assert "run `ci-framework/ci validate`" in text


def test_a_reviewer_reads_what_is_new_since_the_version_of_the_project(
    tmp_path: Path,
) -> None:
    template, project = tmp_path / "template", tmp_path / "project"
    for path in (template, project):
        path.mkdir()
        git(path, "init", "--quiet")
    (template / "CHANGELOG.md").write_text(CHANGELOG, encoding="utf-8")
    git(template, "add", "--all")
    git(template, "commit", "--quiet", "--message=state")
    git(template, "tag", "v3.0.0")
    answers = project / "answers.yml"
    answers.write_text(f"_commit: v3.0.0\n_src_path: {template}\n", encoding="utf-8")
    changes = read_changes(Git(project), answers, "2.0.0")
    text = describe(MadeUpdate(current="2.0.0", latest="3.0.0", changes=changes))
    assert "## What is new\n\n### 3.0.0\n\nBefore you update:" in text
    assert "#### Removed\n\n- A key." in text
    assert "### 2.1.0\n\n- A command." in text
    assert "The start" not in text
    # Nobody is notified by the text of another project.
    assert "@team" not in text
    assert read_changes(Git(project), answers, "3.0.0") == ""
    answers.write_text("_commit: v9\n_src_path: /nowhere\n", encoding="utf-8")
    assert read_changes(Git(project), answers, "2.0.0") == ""
