"""What prevents a release, without building anything."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
import pytest

from ci_engine.configuration.release_settings import Release
from ci_engine.errors import UsageError
from ci_engine.findings.results import Status
from ci_engine.github.event import Event
from ci_engine.releases.changelog_check import check_changelog
from ci_engine.releases.repository_state import check_checkout, check_tag
from ci_engine.releases.tags import find_tag_names
from ci_engine.releases.version_check import check_version
from tests.support.projects import git
from tests.support.release_repositories import (
    CHANGELOG,
    MANIFEST,
    commit,
    make_releasable,
    rules,
    subject_of,
    write,
)

TODAY = date(2026, 2, 1)
NO_EVENT = msgspec.convert({"name": ""}, Event)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_releasable(tmp_path / "demo")


def changelog_rules(root: Path, version: str = "1.1.0") -> list[str]:
    return rules(check_changelog(subject_of(root), version, TODAY)[0])


# --- the checkout


def test_a_ready_repository_has_no_finding(root: Path) -> None:
    subject = subject_of(root)
    result, notes = check_changelog(subject, "1.1.0", TODAY)
    checks = [
        check_checkout(subject, NO_EVENT),
        check_version(subject, None),
        check_tag(subject, "1.1.0"),
        result,
    ]
    assert [check.status for check in checks] == [Status.PASSED] * 4
    assert checks[2].notes == ["the tag will be v1.1.0"]
    assert notes == "- New."


def test_uncommitted_changes_are_red(root: Path) -> None:
    write(root, "new.py", "")
    write(root, "CHANGELOG.md", "")
    result = check_checkout(subject_of(root), NO_EVENT)
    assert rules(result) == ["uncommitted"]
    assert "CHANGELOG.md, new.py" in result.findings[0].message


def test_releases_are_made_from_their_branch(root: Path) -> None:
    git(root, "switch", "--quiet", "--create", "feature")
    result = check_checkout(subject_of(root), NO_EVENT)
    assert rules(result) == ["branch"]
    assert "the branch is feature" in result.findings[0].message
    settings = Release(branches=["main", "feature"])
    assert rules(check_checkout(subject_of(root, settings=settings), NO_EVENT)) == []


def test_a_tagged_commit_has_to_be_on_the_branch(root: Path) -> None:
    git(root, "tag", "v1.1.0")
    git(root, "checkout", "--quiet", "v1.1.0")
    tagged = subject_of(root, "v1.1.0")
    assert rules(check_checkout(tagged, NO_EVENT)) == []
    assert rules(check_tag(tagged, "1.1.0")) == []
    write(root, "more.py", "")
    commit(root)
    assert rules(check_checkout(tagged, NO_EVENT)) == ["branch"]
    assert rules(check_tag(tagged, "1.1.0")) == ["tag-elsewhere"]
    settings = Release(branches=["elsewhere"])
    result = check_checkout(subject_of(root, "v1.1.0", settings=settings), NO_EVENT)
    assert (result.status, result.reason) == (
        Status.NOT_RUN,
        "this clone has no branch elsewhere: fetch it, with its history",
    )


def test_the_default_branch_is_that_of_the_event(root: Path) -> None:
    event = msgspec.structs.replace(NO_EVENT, default_branch="develop")
    assert rules(check_checkout(subject_of(root), event)) == ["branch"]


def test_a_branch_that_was_not_pushed_is_a_warning(root: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(root), str(clone))
    write(clone, "more.py", "")
    commit(clone)
    result = check_checkout(subject_of(clone), NO_EVENT)
    assert result.status is Status.PASSED
    assert result.findings[0].message == (
        "main differs from origin/main: push before you tag"
    )


# --- the tag


def test_a_tag_that_exists_is_red_here_and_in_origin(
    root: Path, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(root), str(clone))
    git(root, "tag", "v1.1.0")
    for where in (root, clone):
        assert rules(check_tag(subject_of(where), "1.1.0")) == ["tag-exists"]


@pytest.mark.parametrize(
    ("tag", "version"),
    [("v1.1", "1.1.0"), ("v1.2.0-rc.1", "1.2.0rc1"), ("v1.0.9", "")],
)
def test_a_release_is_the_same_however_its_tag_is_written(
    root: Path, tmp_path: Path, tag: str, version: str
) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(root), str(clone))
    git(root, "tag", tag)
    here, there = subject_of(root), subject_of(clone)
    for subject, where in ((here, "here"), (there, "in origin")):
        result = check_tag(subject, version or "1.1.0")
        assert rules(result) == (["tag-exists"] if version else [])
        assert not version or f"{tag} exists {where}" in result.findings[0].message


def test_a_clone_without_the_newest_tags_knows_no_last_release(
    root: Path, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--no-tags", str(root), str(clone))
    # Older tags, and tags that are not releases, do not decide the next version.
    git(root, "tag", "nightly-9.9")
    assert check_tag(subject_of(clone), "1.1.0").status is Status.PASSED
    git(root, "tag", "v2.0.0")
    result = check_tag(subject_of(clone), "1.1.0")
    assert result.status is Status.NOT_RUN
    assert "lacks releases of origin: v2.0.0: run `git fetch --tags`" in result.reason
    git(clone, "fetch", "--quiet", "--tags")
    assert check_tag(subject_of(clone), "1.1.0").status is Status.PASSED


def test_a_tag_of_another_version_is_red(root: Path) -> None:
    git(root, "tag", "v1.2.0")
    result = check_tag(subject_of(root, "v1.2.0"), "1.1.0")
    assert rules(result) == ["tag-version"]
    assert result.findings[0].message == "the tag is v1.2.0, but the version is 1.1.0"
    assert rules(check_tag(subject_of(root, "v9.0.0"), "9.0")) == ["no-tag"]


@pytest.mark.parametrize("tag", ["latest", "1.1.0", "v1.x"])
def test_a_tag_of_another_form_is_refused(root: Path, tag: str) -> None:
    with pytest.raises(UsageError, match=r"expected a tag such as v1\.2\.0"):
        subject_of(root, tag)


@pytest.mark.parametrize(
    ("tags", "package", "form"),
    [
        ([], False, "v{version}"),
        (["nightly", "2.0", "v1.0"], False, "{version}"),
        (["my-demo-v1.0", "v0.9"], False, "my-demo-v{version}"),
        ([], True, "My_Demo-v{version}"),
        (["v2.0", "my-demo@1.0"], True, "my-demo@{version}"),
        (["v2.0", "other-v1.0"], True, "v{version}"),
    ],
)
def test_tags_are_named_as_the_latest_one(
    tags: list[str], package: bool, form: str
) -> None:
    assert find_tag_names("", "My_Demo", tags, package=package).form == form


# --- the changelog


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# Changelog\n\n## 1.0.0\n\n- Old.\n", ["no-section"]),
        (
            "# Changelog\n\n## 1.1.0\n\n### Added\n\n## 1.0.0\n\n- x\n",
            ["empty-section"],
        ),
        ("## Unreleased\n\n- Late.\n\n## 1.1.0\n\n- New.\n", ["unreleased"]),
        ("## Unreleased\n\n- Late.\n", ["unreleased", "no-section"]),
        ("## 1.2.0\n\n- Newer.\n\n## 1.1.0\n\n- New.\n", ["newer-section"]),
        ("## 1.1.0\n\n- New.\n\n## 1.1\n\n- Again.\n", ["two-sections"]),
        ("## 1.1.0 (2026-02-30)\n\n- New.\n", ["date"]),
        ("## 1.1.0 (2026-03-01)\n\n- New.\n", ["date"]),
        # A template that was not filled in.
        ("## [1.1.0] - YYYY-MM-DD\n\n- New.\n", ["date"]),
        ("## 1.1.0 (TBD)\n\n- New.\n", ["date"]),
        ("## 1.1.0 - 2026-xx-xx\n\n- New.\n", ["date"]),
        ("## 1.1.0\n\n- Nothing yet.\n", ["empty-section"]),
        # Words such as "none" are not entries.
        ("## Unreleased\n\n_No changes yet._\n\n## 1.1.0\n\n- New.\n", []),
        ("## Unreleased\n\n- TBD\n* none\n\n## 1.1.0\n\n- New.\n", []),
        ("## Unreleased\n\n- No changes to X.\n\n## 1.1.0\n\n- y\n", ["unreleased"]),
    ],
)
def test_changelogs_that_are_not_ready(
    root: Path, text: str, expected: list[str]
) -> None:
    write(root, "CHANGELOG.md", text)
    assert changelog_rules(root) == expected


def test_a_project_without_changelog_is_reported(root: Path) -> None:
    (root / "CHANGELOG.md").unlink()
    assert changelog_rules(root) == ["no-changelog"]
    settings = Release(changelog="none")
    result, _ = check_changelog(subject_of(root, settings=settings), "1.1.0", TODAY)
    assert result.status is Status.SKIPPED


def test_the_settings_name_the_changelog(root: Path) -> None:
    write(root, "docs/whats-new.md", CHANGELOG.replace("New", "Named"))
    settings = Release(changelog="docs/whats-new.md")
    result, notes = check_changelog(subject_of(root, settings=settings), "1.1.0", TODAY)
    assert (result.notes, notes) == (["docs/whats-new.md was read"], "- Named.")


@pytest.mark.parametrize(
    ("files", "command"),
    [
        (
            {"pyproject.toml": f"{MANIFEST}[tool.towncrier]\npackage = 'demo'\n",
             "demo/newsfragments/7.feature.md": "New.\n",
             "demo/newsfragments/README.md": "How to.\n"},
            "towncrier build --version 1.1.0",
        ),
        (
            {"towncrier.toml": "[tool.towncrier]\ndirectory = 'changes'\n",
             "changes/+fix.bugfix.rst": "Fixed.\n",
             "changes/.gitignore": "!.gitignore\n"},
            "towncrier build --version 1.1.0",
        ),
        (
            {"pyproject.toml": f"{MANIFEST}[tool.scriv]\n",
             "changelog.d/20260131_me.md": "New.\n"},
            "scriv collect --version 1.1.0",
        ),
    ],
)  # fmt: skip
def test_fragments_have_to_be_collected(
    root: Path, files: dict[str, str], command: str
) -> None:
    for name, text in files.items():
        write(root, name, text)
    result, _ = check_changelog(subject_of(root), "1.1.0", TODAY)
    assert rules(result) == ["fragments"]
    assert command in result.findings[0].message
    assert result.findings[0].message.count(",") == 0
