"""The workflows of the documentation are executed: for a change, and to publish."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import pytest

from tests.support.act import run_workflow
from tests.support.documents import tables
from tests.support.interpreters import two_pythons
from tests.support.local_server import file_server
from tests.support.published_site import SITE, published_site
from tests.support.renders import Answers, render
from tests.support.repositories import commit_all, git

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(1200)]


def sample(template: Path, target: Path, **answers: object) -> Path:
    """A new project with documentation, and one commit."""
    every: Answers = {
        "setup": "customise",
        "package_manager": "uv",
        "type_checker": "mypy",
        "python_versions": [two_pythons()[0]],
        "platforms": ["linux"],
        "docs": "mkdocs",
        **answers,
    }
    project = render(template, target, every)
    commit_all(project)
    return project


def test_a_broken_link_turns_a_pull_request_red(tmp_path: Path, template: Path) -> None:
    project = sample(template, tmp_path / "sample")
    page = project / "docs" / "index.md"
    text = page.read_text(encoding="utf-8") + '\n<a href="gone/">x</a>\n'
    page.write_text(text, encoding="utf-8")
    commit_all(project)
    done = run_workflow(project, tmp_path / "act", "docs.yml", "pull_request")
    assert done.results == {"docs-check": "failure"}, done.text
    outputs = done.outputs["docs-check", "docs"]
    assert (outputs["verdict"], outputs["deploy"]) == ("red", "none")
    checks = {
        str(each["id"]): each for each in tables(done.report("documentation")["checks"])
    }
    assert checks["docs-build"]["status"] == "passed", done.text
    (finding,) = tables(checks["docs-links"]["findings"])
    line = len(text.splitlines())
    assert (finding["path"], finding["line"]) == ("docs/index.md", line)
    # The pages can be looked at all the same.
    assert (done.artifacts / "documentation-1" / "site" / "index.html").is_file()


def test_the_main_branch_is_published_beside_the_releases(
    tmp_path: Path, template: Path
) -> None:
    project = sample(
        template,
        tmp_path / "sample",
        docs="sphinx",
        docs_deploy="branch",
        docs_versions="yes",
    )
    with published_site(project) as host:
        host.pages = {
            "html_url": f"{host.address}{SITE}",
            "source": {"branch": "gh-pages"},
        }
        done = run_workflow(
            project,
            tmp_path / "act",
            "docs-deploy.yml",
            "push",
            variables={"GITHUB_API_URL": f"{host.address}/api"},
        )
    assert done.code == 0, done.text
    assert done.results["docs-branch"] == done.results["docs-live"] == "success"
    assert f"{SITE}dev/searchindex.js" in host.requests
    listed = json.loads(git(project, "show", "gh-pages:versions.json"))
    assert [each["version"] for each in listed] == ["dev"]
    assert "furo" in git(project, "show", "gh-pages:dev/index.html")
    payload: dict[str, object] = {
        "repository": {"default_branch": "main", "full_name": "x/y", "fork": True},
        "ref": "refs/heads/main",
    }
    done = run_workflow(
        project, tmp_path / "fork", "docs-deploy.yml", "push", payload=payload
    )
    assert done.code == 0, done.text
    assert done.outputs["docs-build", "docs"]["deploy"] == "none"
    assert done.ended() == {"docs-build": "success"}


LYCHEE = """\
while [ $# -gt 0 ]; do [ "$1" = --output ] && report=$2; shift; done
cached=0; [ -e .lycheecache ] && cached=1
echo x >> .lycheecache
echo "{\\"total\\": 1, \\"cached\\": $cached}" > "$report"
"""


def test_responses_of_other_sites_are_kept_between_weeks(
    tmp_path: Path, template: Path
) -> None:
    project = sample(template, tmp_path / "sample", docs="sphinx")
    page = project / "docs" / "index.rst"
    text = page.read_text(encoding="utf-8") + "\n`x <https://example.org/>`_\n"
    page.write_text(text, encoding="utf-8")
    commit_all(project)
    runs = tmp_path / "runs"
    notes: list[object] = []
    for week in ("1", "2"):
        done = run_workflow(
            project,
            runs / week,
            "docs-deploy.yml",
            "schedule",
            programs={"lychee": LYCHEE},
            variables={"GITHUB_RUN_ID": week},
        )
        assert done.code == 0, done.text
        checks = tables(done.report("documentation")["checks"])
        notes += [each["notes"] for each in checks if each["id"] == "docs-external"]
    assert [len(cast("list[object]", each)) for each in notes] == [1, 2], notes


def test_pages_that_are_off_are_reported(tmp_path: Path, template: Path) -> None:
    project = sample(template, tmp_path / "sample")
    for state in ("off", "on"):
        with file_server(tmp_path / state / "artifacts") as address:
            done = run_workflow(
                project,
                tmp_path / state,
                "docs-deploy.yml",
                "push",
                variables={"STAND_IN_PAGES": state, "STAND_IN_ADDRESS": address},
            )
        assert done.code == 0, done.text
        ended = "success" if state == "on" else None
        assert done.ended().get("docs-live") == ended, done.text
        assert done.results["docs-pages"] == "success"
        deployed = done.artifacts / "github-pages" / "reference" / "index.html"
        assert deployed.is_file() == (state == "on")
        assert ("nothing is published: choose" in done.text) == (state == "off")
