"""The workflow of a release is executed: a tag publishes, a rehearsal does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.act import run_workflow
from tests.support.act_runs import Run
from tests.support.documents import tables
from tests.support.interpreters import two_pythons
from tests.support.renders import render
from tests.support.repositories import commit_all, git

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(1200)]

FILES = {"sample-0.1.0-py3-none-any.whl", "sample-0.1.0.tar.gz"}
# Notes its arguments, one on each line.
GH = 'printf "%s\\n" "$@" >> "$STAND_IN_ARTIFACTS/gh"; cat release/notes.md'


def sample(template: Path, target: Path) -> Path:
    """A new project whose first version is ready."""
    answers = {
        "setup": "customise",
        "project_name": "sample",
        "project_type": "application",
        "package_manager": "pip",
        "python_versions": [two_pythons()[0]],
        "platforms": ["linux"],
        "releases": "pypi",
        "sbom": "no",
    }
    project = render(template, target, answers)
    changelog = project / "CHANGELOG.md"
    text = changelog.read_text(encoding="utf-8")
    text = text.replace("## [Unreleased]", "## [0.1.0] - 2026-01-31")
    changelog.write_text(text, encoding="utf-8")
    commit_all(project)
    return project


def push_tag(project: Path, location: Path, tag: str) -> Run:
    payload: dict[str, object] = {
        "ref": f"refs/tags/{tag}",
        "repository": {"default_branch": "main", "full_name": "x/y", "private": False},
    }
    return run_workflow(
        project,
        location,
        "release.yml",
        "push",
        payload=payload,
        programs={"gh": GH},
    )


def test_a_tag_publishes_what_was_proved(tmp_path: Path, template: Path) -> None:
    project = sample(template, tmp_path / "sample")
    git(project, "tag", "v0.1.0")
    done = push_tag(project, tmp_path / "act", "v0.1.0")
    assert done.code == 0, done.text
    assert done.ended() == {
        "release-build": "success",
        "release-attest": "success",
        "release-publish": "success",
        "release-announce": "success",
    }
    built = done.artifacts / "release-1" / "dist"
    published = done.artifacts / "upload.pypi.org"
    assert {path.name for path in published.iterdir()} == FILES
    for name in FILES:
        assert (published / name).read_bytes() == (built / name).read_bytes()
    attested = (done.artifacts / "attested" / "subjects").read_text(encoding="utf-8")
    assert attested.count("release/dist/sample-0.1.0") == len(FILES)
    words = (done.artifacts / "gh").read_text(encoding="utf-8").split()
    assert words[:5] == [
        *("release", "create", "v0.1.0", "--verify-tag"),
        "--title=v0.1.0",
    ]
    assert "--prerelease=false" in words
    assert words[-1] == "release/scan/sbom.cdx.json"
    assert "- The first version." in done.text


def test_a_rehearsal_and_a_tag_that_does_not_fit(
    tmp_path: Path, template: Path
) -> None:
    project = sample(template, tmp_path / "sample")
    done = run_workflow(project, tmp_path / "act", "release.yml", "workflow_dispatch")
    assert done.ended() == {"release-build": "success", "release-rehearse": "success"}
    uploaded = {path.name for path in (done.artifacts / "test.pypi.org").iterdir()}
    assert uploaded == FILES
    git(project, "tag", "v0.2.0")
    done = push_tag(project, tmp_path / "other", "v0.2.0")
    assert done.ended() == {"release-build": "failure"}
    found = {str(each["id"]): each for each in tables(done.report("release")["checks"])}
    (finding,) = tables(found["tag"]["findings"])
    assert finding["message"] == "the tag is v0.2.0, but the version is 0.1.0"
