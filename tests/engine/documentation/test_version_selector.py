"""The list of versions on published pages of Sphinx, in a browser."""

from __future__ import annotations

import io
import re
import tarfile
from pathlib import Path
from subprocess import run

import pytest

from ci_engine.documentation.publishing import NewVersion, SitePublisher
from ci_engine.documentation.version_selector import (
    SELECTOR_FILE,
    copy_with_selector,
    is_without_selector,
)
from ci_engine.github.branch_writer import BranchWriter
from ci_engine.project.git import Git
from tests.support.browser import choose_versions
from tests.support.docs_projects import with_remote, with_sphinx
from tests.support.local_server import file_server
from tests.support.projects import assert_green

BRANCH = "gh-pages"
HOSTILE = "1.1 <img src=x onerror=alert(1)> & more"
# As themes with Bootstrap have it.
STICKY = (
    '<header style="position: sticky; top: 0; z-index: 1030; background: #fff">'
    "Demo<br>Demo<br>Demo<br>Demo<br>Demo</header>"
)
TAG = f'<script defer src="../{SELECTOR_FILE}"></script>'


def branch_files(remote: Path, target: Path) -> None:
    """Put what the branch has into a directory, with its symlinks."""
    packed = run(
        ["git", "archive", BRANCH], cwd=remote, capture_output=True, check=True
    )
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(target, filter="tar")


@pytest.mark.heavy
def test_readers_of_sphinx_change_the_version(tmp_path: Path) -> None:
    project = with_sphinx(tmp_path / "demo")
    remote = with_remote(project)
    assert_green(project.docs("publish", "--version=1.0"))
    built = project.site
    served = tmp_path / "served"
    assert TAG not in (built / "index.html").read_text()

    def publish(version: str, *aliases: str, title: str = "", kind: str = "") -> None:
        # A new page in each.
        text = (built / "reference.html").read_text()
        (built / f"new-in-{version}.html").write_text(text)
        new = NewVersion(version, aliases, title, "symlink" if kind else None)
        writer = BranchWriter(Git(project.root), "origin", BRANCH)
        SitePublisher(writer, built, "0" * 40).publish_version(new)

    publish("2.0")
    branch_files(remote, served / "demo")
    (served / "demo" / "versions.json").write_text('[{"version": "1.0"}]')
    branch_files(remote, served / "deleted")
    (served / "deleted" / "versions.json").unlink()
    publish("1.1", "latest", title=HOSTILE)
    publish("dev", "next", kind="symlink")
    branch_files(remote, served / "site")
    page = served / "site" / "1.0" / "guide" / "start.html"
    page.write_text(re.sub(r"<body[^>]*>", rf"\g<0>{STICKY}", page.read_text()))
    # Browsers request it on their own.
    (served / "favicon.ico").write_bytes(b"")
    with file_server(served) as address:
        top = f"{address}/site"
        entries = [
            (f"{top}/1.0/guide/start.html#two-words", f"{HOSTILE} (latest)"),
            (f"{top}/latest/new-in-1.1.html", "1.0"),
            (f"{top}/next/", "2.0"),
            (f"{top}/2.0/search.html?q=guide", "dev (next)"),
            # One version, none, and a directory that is none.
            (f"{address}/demo/1.0/", ""),
            (f"{address}/deleted/1.0/", ""),
        ]
        seen = choose_versions(entries)
    assert [each["problems"] for each in seen[:5]] == [[]] * 5
    assert [str(each["address"]).removeprefix(address) for each in seen[:4]] == [
        "/site/1.1/guide/start.html#two-words",
        # It has no such page.
        "/site/1.0/",
        "/site/2.0/",
        "/site/dev/search.html?q=guide",
    ]
    assert [each["label"] for each in seen] == [
        *("Version: 1.0", f"Version: {HOSTILE} (latest)", "Version: dev (next)"),
        *("Version: 2.0", "", ""),
    ]
    assert seen[1]["versions"] == [
        ["dev (next)", "/site/dev/", ""],
        ["2.0", "/site/2.0/", ""],
        [f"{HOSTILE} (latest)", "/site/1.1/", "true"],
        ["1.0", "/site/1.0/", ""],
    ]


def test_which_pages_get_the_list(tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    (pages / "_static").mkdir(parents=True)
    (pages / "a").mkdir()
    assert not is_without_selector(pages)
    (pages / "_static" / "documentation_options.js").write_text("")
    assert is_without_selector(pages)
    others = {
        "mike.html": '<script id="__config">{"version": {"provider": "mike"}}</script>',
        "read.html": "<script>fetch('../versions.json')</script>",
        "theme.html": '<div class="a version-switcher__container">',
        "rtd.html": "<div class='rst-versions shift-up'>",
        "part.html": None,
    }
    for name, own in others.items():
        text = "<p>part</p>" if own is None else f"<head></head>{own}"
        (pages / name).write_text(text)
    plain = b"<HEAD>\r\n</HEAD >\xff<p>versions.json &lt;script> class=rst-versions</p>"
    (pages / "a" / "x.html").write_bytes(plain)
    (pages / "a" / "y.HTML").write_bytes(plain)
    copy_with_selector(pages, tmp_path / "copy")
    for name in others:
        assert (tmp_path / "copy" / name).read_text() == (pages / name).read_text()
    changed = (tmp_path / "copy" / "a" / "x.html").read_bytes()
    tag = re.escape(f'<script defer src="../../{SELECTOR_FILE}"></script>\n').encode()
    assert re.sub(tag, b"", changed) == plain
    assert changed.index(b"<script") == plain.index(b"</HEAD")
    assert (pages / "a" / "x.html").read_bytes() == plain
