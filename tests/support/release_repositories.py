"""A repository whose version 1.1.0 can be released, and its findings."""

from __future__ import annotations

from pathlib import Path

from ci_engine.configuration.release_settings import Release
from ci_engine.findings.results import CheckResult
from ci_engine.project.repository import read_project
from ci_engine.releases.subject import ReleaseSubject, read_subject
from tests.support.projects import git

MANIFEST = '[project]\nname = "demo"\nversion = "1.1.0"\n'
CHANGELOG = "# Changelog\n\n## [1.1.0] - 2026-01-31\n\n- New.\n\n## [1.0.0]\n\n- Old.\n"


def make_releasable(top: Path) -> Path:
    """A repository with the tag v1.0.0 whose version is 1.1.0."""
    top.mkdir()
    write(top, "pyproject.toml", MANIFEST)
    write(top, "CHANGELOG.md", CHANGELOG)
    git(top, "init", "--quiet")
    commit(top)
    git(top, "tag", "v1.0.0")
    return top


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def commit(root: Path) -> None:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "more")


def subject_of(
    root: Path, tag: str = "", version: str = "", settings: Release | None = None
) -> ReleaseSubject:
    project = read_project(root)
    return read_subject(project, settings or Release(), tag, version, package=False)


def rules(result: CheckResult) -> list[str]:
    return [found.rule for found in result.findings]
