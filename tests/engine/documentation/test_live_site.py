"""Comparing the live site, on a host that behaves like GitHub Pages."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from ci_engine.documentation.published_files import sample
from ci_engine.documentation.publishing import NewVersion, SitePublisher
from ci_engine.github.branch_writer import BranchWriter
from ci_engine.project.git import Git
from tests.support.docs_projects import with_remote
from tests.support.projects import DemoProject, assert_green, git
from tests.support.published_site import SITE, PublishedSite, published_site

VERSION = ("docs", "verify", "--version=1.1")


def site_of(directory: Path, text: str) -> Path:
    """A built site."""
    directory.mkdir(exist_ok=True)
    for name in ("index", "größe", "other"):
        (directory / f"{name}.html").write_text(f"<h1>{text} {name}</h1>")
    (directory / "searchindex.js").write_text(text)
    return directory


@pytest.fixture
def host(project: DemoProject, tmp_path: Path) -> Generator[PublishedSite]:
    """Two published versions, and the host of the branch."""
    remote = with_remote(project)
    publisher = SitePublisher(
        BranchWriter(Git(project.root), "origin", "gh-pages"),
        site_of(tmp_path / "built", "one"),
        "0" * 40,
    )
    publisher.publish_version(NewVersion("1.0", ["old"], alias_type="symlink"))
    site_of(tmp_path / "built", "two")
    publisher.publish_version(NewVersion("1.1", ["latest"], alias_type="copy"))
    with published_site(remote) as site:
        yield site


def configure(project: DemoProject, seconds: int, address: str = "") -> None:
    """Set the time limit; without an address, GitHub provides it."""
    before = project.read("pyproject.toml").partition("[tool.ci-framework.docs]")[0]
    more = f'site-url = "{address}{SITE}"' if address else 'deploy = "branch"'
    text = f"[tool.ci-framework.docs]\nverify-timeout = {seconds}\n{more}\n"
    project.write("pyproject.toml", before + text)


@pytest.mark.heavy
def test_a_host_that_needs_a_moment(project: DemoProject, host: PublishedSite) -> None:
    configure(project, 60, host.address)
    # All pages at the first comparison, and none at the second.
    host.stale = 7
    run = project.run(*VERSION)
    assert_green(run)
    assert run.check("docs-live")["notes"] == [
        f"{host.address}{SITE}: 6 files compared"
    ]
    assert {*host.requests} == {
        *(f"{SITE}1.1/{name}.html" for name in ("index", "größe", "other")),
        *(f"{SITE}{name}" for name in ("1.1/searchindex.js", "latest/index.html")),
        f"{SITE}versions.json",
    }
    assert_green(project.run("docs", "verify", "--version=1.0"))
    run = project.run("docs", "verify", "--version=9")
    assert run.code == 3
    assert "there is no version 9" in run.check("docs-live")["reason"]


@pytest.mark.heavy
def test_a_host_that_shows_something_else(
    project: DemoProject, host: PublishedSite, tmp_path: Path
) -> None:
    configure(project, 1, host.address)
    host.lost = {"1.1/größe.html"}
    run = project.run(*VERSION)
    assert run.code == 1
    (finding,) = run.findings("docs-live")
    assert finding["rule"] == "missing-page"
    assert finding["message"] == (
        f"{host.address}{SITE}1.1/gr%C3%B6%C3%9Fe.html responds with 404"
    )
    # A deployment that another one has replaced: the site is that of before.
    host.lost = set()
    host.branch = "gh-pages~1"
    run = project.run(*VERSION)
    assert run.code == 1
    found = {
        finding["rule"]: finding["message"] for finding in run.findings("docs-live")
    }
    assert found["stale-versions"].endswith("versions.json does not list 1.1")
    assert "missing-page" in found
    host.branch = "gh-pages"
    site = site_of(tmp_path / "other", "three")
    words = ("docs", "verify", "--site", str(site))
    run = project.run(*words, f"--address={host.address}{SITE}1.1/")
    assert run.code == 1
    assert {finding["rule"] for finding in run.findings("docs-live")} == {"stale-page"}
    # A later commit has been deployed meanwhile.
    (tmp_path / "event.json").write_text("{}")
    git(project.root, "commit", "--quiet", "--allow-empty", "--message", "later")
    git(project.root, "push", "--quiet", "origin", "HEAD:refs/heads/main")
    variables = {
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
        "GITHUB_REF": "refs/heads/main",
    }
    words = (*words, f"--address={host.address}{SITE}1.1")
    assert project.run(*words, variables=variables).code == 1
    git(project.root, "reset", "--quiet", "--soft", "HEAD~1")
    run = project.run(*words, variables=variables)
    assert run.check("docs-live")["reason"] == "a later commit is published instead"
    site_of(site, "two")
    assert_green(project.run(*words))
    run = project.run(*words, "--address=http://127.0.0.1:9/")
    assert run.code == 3
    assert "cannot be reached" in run.check("docs-live")["reason"]
    run = project.run(*words, "--address=file:///etc")
    assert run.code == 2
    assert "expected http:// or https://" in run.stderr


@pytest.mark.heavy
def test_sites_that_not_everybody_reads(
    project: DemoProject, host: PublishedSite
) -> None:
    configure(project, 60, host.address)
    host.status = 401
    variables = {**host.variables}
    host.pages = {"html_url": "https://example.org/"}
    for status, moved, reason in (
        (401, "", "does not show its pages to everyone: 401"),
        (403, "", "does not show its pages to everyone: 403"),
        (0, f"http://localhost:{host.address.rpartition(':')[2]}/login", "a login"),
    ):
        host.status, host.moved = status, moved
        run = project.run(*VERSION, variables=variables)
        assert run.code == 0, str(run)
        check = run.check("docs-live")
        assert check["status"] == "skipped"
        assert reason in check["reason"]
        assert "::notice title=http" in run.stdout + run.stderr
    # Nothing is followed that is not a page.
    host.moved = "file:///etc/passwd"
    configure(project, 1, host.address)
    run = project.run(*VERSION)
    assert run.code == 1
    assert {
        each["message"].rpartition(" ")[2] for each in run.findings("docs-live")
    } == {"302"}


@pytest.mark.parametrize(
    ("pages", "title"),
    [
        (None, "GitHub Pages are off"),
        ({"html_url": "x", "build_type": "workflow"}, "GitHub Pages show an artifact"),
        (
            {"html_url": "x", "source": {"branch": "main"}, "build_type": "legacy"},
            "GitHub Pages show the branch main",
        ),
        (
            {"html_url": "x", "public": False, "source": {"branch": "gh-pages"}},
            "GitHub Pages are private",
        ),
    ],
)
def test_pages_that_show_nothing_of_the_branch_are_a_notice(
    project: DemoProject,
    host: PublishedSite,
    pages: dict[str, object] | None,
    title: str,
) -> None:
    configure(project, 60)
    host.pages = pages
    run = project.run(*VERSION, variables=host.variables)
    assert run.code == 0, str(run)
    assert f"::notice title={title}::" in run.stdout + run.stderr
    remedy = "choose the branch gh-pages in the repository's Settings, under Pages"
    assert (remedy in run.check("docs-live")["reason"]) == ("private" not in title)
    assert host.requests == ["/api/repos/someone/demo/pages"]


def test_the_address_that_github_has(project: DemoProject, host: PublishedSite) -> None:
    configure(project, 1)
    host.pages = {
        "html_url": f"{host.address}{SITE}",
        "source": {"branch": "gh-pages", "path": "/"},
    }
    assert_green(project.run(*VERSION, variables=host.variables))
    run = project.run(*VERSION)
    assert run.check("docs-live")["reason"].endswith("set docs.site-url")
    configure(project, 0, host.address)
    run = project.run(*VERSION)
    assert run.check("docs-live")["reason"] == "docs.verify-timeout is 0"


def test_what_is_compared_of_a_large_site() -> None:
    names = [f"{number:03}.html" for number in range(500)]
    found = sample([*names, "a.png", ".nojekyll", "objects.inv", "index.html"])
    assert found[:3] == ["index.html", "objects.inv", "000.html"]
    assert len(found) == 20
    assert sample([]) == []
