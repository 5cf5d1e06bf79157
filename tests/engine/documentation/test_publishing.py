"""Publishing versions loses nothing, even if others publish at the same time."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from ci_engine.configuration.defaults import read_defaults
from ci_engine.documentation.deployment import Deployment, plan_deployment
from ci_engine.documentation.publishing import NewVersion, SitePublisher
from ci_engine.documentation.site_versions import (
    add_version,
    read_versions,
    write_versions,
)
from ci_engine.errors import ToolError, UsageError
from ci_engine.github.branch_writer import BranchWriter, ReadOnlyError
from ci_engine.github.event import Event
from ci_engine.project.git import Git
from tests.support.docs_projects import with_remote, with_sphinx
from tests.support.projects import DemoProject, Json, assert_green, git
from tests.support.tools import run_tool

BRANCH = "gh-pages"


def pages(directory: Path, text: str) -> Path:
    """A built site of two pages."""
    (directory / "guide").mkdir(parents=True, exist_ok=True)
    (directory / "_static").mkdir(exist_ok=True)
    (directory / "index.html").write_text(f"<h1>{text}</h1>\r\n")
    (directory / "guide" / "index.html").write_text(f"<h1>guide {text}</h1>")
    (directory / "_static" / ".gitignore").write_text("*\n")
    return directory


def publisher(clone: Path, site: Path) -> SitePublisher:
    return SitePublisher(BranchWriter(Git(clone), "origin", BRANCH), site, "0" * 40)


def shown(remote: Path, path: str) -> str:
    return git(remote, "show", f"{BRANCH}:{path}")


def listed(remote: Path) -> list[Json]:
    found: list[Json] = json.loads(shown(remote, "versions.json"))
    return found


def files(remote: Path) -> list[str]:
    return git(remote, "ls-tree", "-r", "--name-only", BRANCH).splitlines()


@pytest.mark.heavy
def test_ten_releases(project: DemoProject, tmp_path: Path) -> None:
    remote = with_remote(project)
    status = git(project.root, "status", "--porcelain")
    site = tmp_path / "built"
    for number in range(10):
        pages(site, f"1.{number}")
        run = project.run(
            *("docs", "publish", "--site", str(site), f"--version=1.{number}"),
            "--alias=latest,stable" if number == 7 else "--alias=latest",
        )
        assert_green(run)
    assert [each["version"] for each in listed(remote)] == [
        f"1.{number}" for number in reversed(range(10))
    ]
    assert listed(remote)[0]["aliases"] == ["latest"]
    assert listed(remote)[2] == {
        "version": "1.7",
        "title": "1.7",
        "aliases": ["stable"],
    }
    for number in range(10):
        # As they were built, to the byte.
        name = f"{BRANCH}:1.{number}/index.html"
        assert git(remote, "cat-file", "-s", name).strip() == str(
            len("<h1>1.0</h1>\r\n")
        )
        assert f"1.{number}/_static/.gitignore" in files(remote)
    assert "1.9" in shown(remote, "latest/guide/index.html")
    assert "1.7" in shown(remote, "stable/guide/index.html")
    assert '"latest/"' in shown(remote, "index.html")
    assert ".nojekyll" in files(remote)
    assert git(remote, "rev-list", "--count", BRANCH).strip() == "10"
    assert git(project.root, "status", "--porcelain") == status
    # Published again: what was there is replaced, and nothing else changes.
    (site / "guide" / "index.html").unlink()
    (site / "index.html").write_text("again")
    run = project.run(
        *("docs", "publish", "--site", str(site), "--version=1.7", "--title=LTS")
    )
    assert_green(run)
    assert (
        shown(remote, "1.7/index.html") == shown(remote, "stable/index.html") == "again"
    )
    assert "1.7/guide/index.html" not in files(remote)
    assert "1.9" in shown(remote, "latest/index.html")
    assert listed(remote)[2]["title"] == "LTS"
    run = project.run("docs", "publish", "--list")
    assert run.stdout.splitlines()[:3] == ["1.9 [latest]", "1.8", "1.7 (LTS) [stable]"]
    run = project.run("docs", "publish", "--delete=1.7,latest")
    assert_green(run)
    assert not {"1.7/index.html", "stable/index.html", "latest/index.html"} & {
        *files(remote)
    }
    assert [each["aliases"] for each in listed(remote)] == [[]] * 9


@pytest.mark.heavy
def test_two_clones_that_publish_at_once_lose_nothing(
    project: DemoProject, tmp_path: Path
) -> None:
    remote = with_remote(project)
    clones = [tmp_path / f"clone-{number}" for number in range(3)]
    for clone in clones:
        git(tmp_path, "clone", "--quiet", str(remote), str(clone))

    def publish(number: int) -> None:
        for minor in range(4):
            version = f"{number}.{minor}"
            site = pages(tmp_path / f"site-{number}-{minor}", version)
            new = NewVersion(version, [f"latest-{number}"])
            publisher(clones[number], site).publish_version(new)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(publish, range(3)))
    versions = {f"{number}.{minor}" for number in range(3) for minor in range(4)}
    assert {each["version"] for each in listed(remote)} == versions
    assert {name.partition("/")[0] for name in files(remote)} == {
        *versions,
        *(f"latest-{number}" for number in range(3)),
        *("versions.json", ".nojekyll", "index.html"),
    }
    for number in range(3):
        assert f"{number}.3" in shown(remote, f"latest-{number}/index.html")
    assert git(remote, "rev-list", "--count", BRANCH).strip() == "12"


@pytest.mark.heavy
@pytest.mark.parametrize("kind", ["symlink", "redirect"])
def test_a_site_of_mike_goes_on(
    project: DemoProject, tmp_path: Path, kind: str
) -> None:
    project.write("mkdocs.yml", "site_name: Demo\ntheme: mkdocs\n")
    project.write("docs/index.md", "# Demo\n")
    project.write("docs/reference.md", "# Reference\n")
    site = pages(tmp_path / "site", "one")
    remote = with_remote(project)
    git(project.root, "config", "user.name", "Test")
    git(project.root, "config", "user.email", "test@example.org")
    words = ("--push", "--alias-type", kind, "--prop-set", "hidden=true")
    done = run_tool("mike", "deploy", *words, "1.0", "latest", cwd=project.root)
    assert done.returncode == 0, done.stderr
    done = run_tool("mike", "set-default", "--push", "latest", cwd=project.root)
    assert done.returncode == 0, done.stderr
    start = shown(remote, "index.html")
    git(project.root, "branch", "-D", BRANCH)
    words = ("--site", str(site), "--version=1.1", "--alias=latest")
    assert_green(project.run("docs", "publish", *words))
    assert listed(remote) == [
        {"version": "1.1", "title": "1.1", "aliases": ["latest"]},
        {
            "version": "1.0",
            "title": "1.0",
            "aliases": [],
            "properties": {"hidden": True},
        },
    ]
    assert shown(remote, "index.html") == start
    rows = git(remote, "ls-tree", BRANCH).splitlines()
    modes = {row.split("\t")[1]: row.split()[0] for row in rows}
    assert modes["latest"] == ("120000" if kind == "symlink" else "040000")
    if kind == "redirect":
        assert '"../../1.1/guide/"' in shown(remote, "latest/guide/index.html")
    git(project.root, "fetch", "--quiet", "origin", f"{BRANCH}:{BRANCH}")
    done = run_tool("mike", "list", cwd=project.root)
    assert done.stdout.split() == ["1.1", "[latest]", "1.0"], done.stderr


@pytest.mark.heavy
def test_sphinx_is_published_in_the_same_layout(tmp_path: Path) -> None:
    project = with_sphinx(tmp_path / "demo")
    remote = with_remote(project)
    run = project.docs("publish", "--version", "2.0", "--alias", "latest", "--dry-run")
    assert run.code == 0
    assert "publish 2.0, latest on gh-pages" in run.stdout
    assert BRANCH not in git(remote, "branch")
    assert_green(project.docs("publish", "--version", "2.0", "--alias", "latest"))
    assert "2.0/reference.html" in files(remote)
    assert "latest/_static/basic.css" in files(remote)
    project.append("docs/index.rst", "\n:ref:`gone`\n")
    run = project.docs("publish", "--version", "2.1")
    assert run.code == 1
    assert run.check("docs-publish")["reason"] == (
        "the pages are not published: the build failed"
    )
    assert len(listed(remote)) == 1


@pytest.mark.heavy
def test_one_site_is_replaced_and_the_rest_stays(
    project: DemoProject, tmp_path: Path
) -> None:
    remote = with_remote(project)
    other = tmp_path / "other"
    git(tmp_path, "clone", "--quiet", str(remote), str(other))
    git(other, "checkout", "--quiet", "--orphan", BRANCH)
    git(other, "rm", "-rfq", ".")
    (other / "CNAME").write_text("docs.example.org\n")
    (other / "coverage").mkdir()
    (other / "coverage" / "index.html").write_text("theirs")
    git(other, "add", "--all")
    git(other, "commit", "--quiet", "--message", "theirs")
    git(other, "push", "--quiet", "origin", BRANCH)
    site = pages(tmp_path / "site", "one")
    (site / "old.html").write_text("old")
    words = ("docs", "publish", "--site", str(site))
    assert_green(project.run(*words))
    (site / "old.html").unlink()
    assert_green(project.run(*words))
    assert {*files(remote)} == {
        *("CNAME", "coverage/index.html", "index.html", "guide/index.html"),
        *("_static/.gitignore", ".nojekyll", ".ci-framework-pages"),
    }
    count = git(remote, "rev-list", "--count", BRANCH)
    assert_green(project.run(*words))
    assert git(remote, "rev-list", "--count", BRANCH) == count
    assert_green(project.run(*words, "--version=dev"))
    run = project.run(*words)
    assert run.code == 2
    assert "gh-pages contains several versions" in run.stderr


@pytest.mark.heavy
def test_what_may_not_be_published(project: DemoProject, tmp_path: Path) -> None:
    remote = with_remote(project)
    site = pages(tmp_path / "site", "one")
    words = ("docs", "publish", "--site", str(site), "--version=1.0")
    payload = tmp_path / "event.json"
    for name, event, message in (
        ("pull_request", {"pull_request": {"number": 1}}, "this is a pull request"),
        ("pull_request_target", {"pull_request": {"number": 1}}, "a pull request"),
        ("merge_group", {}, "this is a pull request"),
        ("push", {"repository": {"fork": True}}, "this repository is a fork"),
    ):
        payload.write_text(json.dumps(event))
        variables = {"GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": str(payload)}
        run = project.run(*words, variables={**variables})
        assert run.code == 2, str(run)
        assert message in run.stderr
    for options, message in (
        (("--alias=1.0",), "1.0 is a version"),
        (("--alias=../x",), "cannot be the name of a version"),
        (("--version=versions.json",), "cannot be the name of a version"),
    ):
        run = project.run(*words, *options)
        assert run.code == 2, str(run)
        assert message in run.stderr
    run = project.run("docs", "publish", "--alias=latest")
    assert "--alias: expected together with --version" in run.stderr
    assert BRANCH not in git(remote, "branch")


def test_a_branch_that_cannot_be_written(project: DemoProject, tmp_path: Path) -> None:
    remote = with_remote(project)
    site = pages(tmp_path / "site", "one")
    hook = remote / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'remote: permission denied to bot' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(ReadOnlyError, match="denied to bot"):
        publisher(project.root, site).publish_version(NewVersion("1.0"))
    run = project.run("docs", "publish", "--site", str(site), "--version=1.0")
    assert run.code == 3
    assert "cannot be written with this token" in run.check("docs-publish")["reason"]
    # It accepts the push, and drops it.
    hook.write_text("#!/bin/sh\nexit 0\n")
    after = remote / "hooks" / "post-receive"
    after.write_text(f"#!/bin/sh\ngit update-ref -d refs/heads/{BRANCH}\n")
    after.chmod(0o755)
    with pytest.raises(ToolError, match=r"1\.0 is missing after the push"):
        publisher(project.root, site).publish_version(NewVersion("1.0"))


def test_versions_are_listed_as_mike_lists_them() -> None:
    versions = read_versions("", "x")
    for name in ("1.10", "1.9", "dev", "2.0rc1", "2.0", "v0.1", "1.9.1", "2.0.dev1"):
        versions = add_version(versions, name, "", [])
    text = write_versions(versions)
    names = [each.version for each in read_versions(text, "x")]
    assert names == ["dev", "2.0", "2.0rc1", "2.0.dev1", "1.10", "1.9.1", "1.9", "v0.1"]
    with pytest.raises(ToolError, match="x: unexpected content"):
        read_versions('{"a": 1}', "x")
    with pytest.raises(UsageError, match="latest is an alias of 1"):
        add_version(add_version([], "1", "", ["latest"]), "latest", "", [])


def test_what_a_workflow_run_publishes() -> None:
    plain = read_defaults().tiers.defaults.docs
    versioned = msgspec.structs.replace(plain, deploy="branch", versions=True)
    main = Event(name="push", ref="refs/heads/main", default_branch="main")

    def of_tag(tag: str) -> Deployment:
        event = msgspec.structs.replace(main, ref=f"refs/tags/{tag}")
        return plan_deployment(versioned, event)

    assert plan_deployment(plain, main).kind == "none"
    pages_only = msgspec.structs.replace(plain, deploy="pages")
    assert plan_deployment(pages_only, main) == Deployment("pages")
    assert plan_deployment(versioned, main) == Deployment(
        "branch", new=NewVersion("dev")
    )
    newest = NewVersion("1.2", alias_if_newest="latest")
    for tag in ("v1.2.3", "1.2", "my-package-v1.2.10", "v1.2.3.post1"):
        assert of_tag(tag).new == newest, tag
    for tag, version in (("v2.0rc1", "2.0rc1"), ("v2.0.0-beta.1", "2.0.0-beta.1")):
        assert of_tag(tag).new == NewVersion(version)
    assert of_tag("nightly").because == "the tag nightly is not a version"
    for event in (
        msgspec.structs.replace(main, fork=True),
        msgspec.structs.replace(main, name="schedule"),
        msgspec.structs.replace(main, name="pull_request", pull_request=1),
        msgspec.structs.replace(main, ref="refs/heads/other"),
    ):
        assert plan_deployment(pages_only, event).kind == "none"
    assert (
        plan_deployment(
            pages_only, msgspec.structs.replace(main, ref="refs/tags/v1.2")
        ).kind
        == "none"
    )
    versions = add_version(add_version([], "1.2", "", []), "dev", "", [])
    assert newest.beside(versions).aliases == ["latest"]
    assert not newest.beside(add_version(versions, "1.10", "", [])).aliases
