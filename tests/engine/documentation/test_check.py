"""The built pages of both tools: every problem is found, and no false alarm."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.docs_projects import (
    FAULTY_MARKDOWN,
    FAULTY_RST,
    with_mkdocs,
    with_sphinx,
)
from tests.support.projects import DemoProject, Run, assert_green


def found_in(run: Run, check: str, path: str) -> dict[str, list[str]]:
    """What the findings of a file name first, by rule."""
    found: dict[str, list[str]] = {}
    for finding in run.findings(check):
        if finding["path"] == path:
            found.setdefault(finding["rule"], []).append(finding["message"])
    return found


def line_of(run: Run, part: str) -> int:
    checks = run.result["checks"]
    lines = [f["line"] for c in checks for f in c["findings"] if part in f["message"]]
    assert len(lines) == 1, part
    return int(lines[0])


@pytest.mark.heavy
def test_pages_of_mkdocs(tmp_path: Path) -> None:
    project = with_mkdocs(tmp_path / "demo")
    run = project.docs("check")
    assert_green(run)
    assert run.check("docs-pages")["findings"] == []
    assert "other sites" in run.check("docs-links")["notes"][0]
    project.write("docs/faults.md", FAULTY_MARKDOWN)
    project.write("docs/orphan.md", "# Orphan\n")
    project.write(
        "docs/css/more.css", "a { mask: url(gone.svg) }\n\n@import 'x.css';\n"
    )
    project.replace("mkdocs.yml", "  - Guide", "  - faults.md\n  - Guide")
    run = project.docs("check")
    assert run.code == 1
    found = found_in(run, "docs-links", "docs/faults.md")
    assert {rule: len(messages) for rule, messages in found.items()} == {
        "broken-link": 10,
        "broken-anchor": 2,
        "missing-file": 7,
    }
    assert len(run.findings("docs-links")) == 21
    styles = found_in(run, "docs-links", "docs/css/more.css")["missing-file"]
    assert [text.split()[4] for text in styles] == ["gone.svg,", "x.css,"]
    assert line_of(run, "names x.css") == 3
    text = "\n".join(message for listed in found.values() for message in listed)
    for part in (
        "the link ../nowhere/ is broken: there is no such file",
        "../guide/Start/ is broken: the file is named guide/start/index.html",
        "anchor #nowhere",
        "anchor #Two-Words; there is #two-words",
        "../../outside/ points outside the site",
        "/guide/start/ starts at the top of the host, and the site is at /demo/",
        "/other/ is outside the site",
        "https://example.org/demo/gone/ is broken",
        "file:///home/me/x.html points to a file on one machine",
        "the image ../img/gone.png",
        "the image ../img/gone@2x.png",
        "../css/gone.css",
        "the script ../js/gone.js",
        "../gone.mp4",
        "../gone.jpg",
        "image or font ../img/gone.webp",
    ):
        assert part in text
    rows = FAULTY_MARKDOWN.splitlines()
    assert rows[line_of(run, "link ../nowhere/") - 1].startswith(
        '<a href="../nowhere/"'
    )
    assert "#Two-Words" in rows[line_of(run, "there is #two-words") - 1]
    for written, start in (
        ("[never defined][nowhere at all]", "[never **defined**]"),
        ("[Nor this][]", "all] and [Nor"),
        ("[…][badge]", "[![badge]"),
    ):
        assert rows[line_of(run, f"{written} is shown") - 1].startswith(start)
    assert rows[line_of(run, "of level 2 is empty") - 1] == "## <span></span>"
    pages = run.check("docs-pages")
    assert not pages["blocking"]
    assert sorted(run.rules("docs-pages")) == [
        *("empty-heading", "orphan-page", "repeated-id", "several-titles"),
        "skipped-heading",
    ]
    orphan = found_in(run, "docs-pages", "docs/orphan.md")
    assert [*orphan] == ["orphan-page"]
    assert (
        rows[line_of(run, "'Skipped' has level 3 after level 1") - 1] == "### Skipped"
    )


@pytest.mark.heavy
@pytest.mark.parametrize("theme", ["furo", "alabaster", "classic"])
def test_pages_of_sphinx(tmp_path: Path, theme: str) -> None:
    project = with_sphinx(tmp_path / "demo", theme)
    run = project.docs("check")
    assert_green(run)
    assert run.check("docs-pages")["findings"] == []
    project.write("docs/faults.rst", FAULTY_RST)
    project.write("docs/extra/orphan.rst", "Orphan\n======\n")
    run = project.docs("check")
    assert run.code == 1
    found = found_in(run, "docs-links", "docs/faults.rst")
    text = "\n".join(message for listed in found.values() for message in listed)
    assert {rule: len(messages) for rule, messages in found.items()} == {
        "broken-link": 4,
        "broken-anchor": 2,
        "missing-file": 1,
    }, text
    assert "the file is named reference.html" in text
    assert (
        line_of(run, "nowhere.html")
        == FAULTY_RST[: FAULTY_RST.index("<now")].count("\n") + 1
    )
    assert sorted(run.rules("docs-pages")) == [
        *("empty-heading", "orphan-page", "repeated-id", "several-titles"),
        "skipped-heading",
    ]
    assert [*found_in(run, "docs-pages", "docs/extra/orphan.rst")] == ["orphan-page"]
    # Sphinx reports it as well, with its file.
    assert "toc.not_included" in found_in(run, "docs-build", "docs/extra/orphan.rst")


def test_what_hosts_and_themes_have_is_not_a_problem(project: DemoProject) -> None:
    page = "<body><main><h1>x</h1><a href='{}'>x</a></main>"
    project.write("pages/index.html", page.format("404.html"))
    project.write("pages/404.html", page.format("/en/latest/index.html"))
    project.write("pages/_static/macros.html", page.format("{{ pathto('x') }}"))
    words = ("docs", "check", "--site", "pages")
    assert_green(project.run(*words))
    project.configure('[tool.ci-framework.docs]\nsite-url = "https://a.org/en/"\n')
    run = project.run(*words)
    assert run.code == 1
    (finding,) = run.findings("docs-links")
    assert finding["path"] == "pages/404.html"


def test_templates_and_copies_of_code_are_no_pages_to_check(
    project: DemoProject,
) -> None:
    project.write("mkdocs.yml", "site_name: x\ntheme: {custom_dir: docs/own}\n")
    project.write("docs/index.md", "# x\n")
    project.write("docs/own/nav.html", "<a href='{{ x | url }}'>x</a>")
    project.write("docs/raw.html", "<body><a href='{{ x }}'>x</a>")
    for name in ("own/nav.html", "raw.html"):
        project.write(f"pages/{name}", project.read(f"docs/{name}"))
    links = "<a href='../index.html#x'>x</a>\n<a href='gone.html'>x</a>"
    project.write("pages/_modules/x.html", f"<body>{links}")
    project.write("pages/index.html", f"<body><h1>x</h1>{links[3:]}")
    run = project.run("docs", "check", "--site", "pages")
    found = [(each["path"], each["rule"]) for each in run.findings("docs-links")]
    assert found == [
        ("pages/_modules/x.html", "broken-link"),
        ("docs/index.md", "broken-link"),
        ("docs/raw.html", "broken-link"),
    ]


def test_pages_in_several_languages_have_their_sources(project: DemoProject) -> None:
    project.write("mkdocs.yml", "site_name: x\n")
    project.write("docs/index.md", "# x\n")
    project.write("docs/guide/start.fr.md", "# x\n\n[a](gone.html)\n")
    project.write("pages/index.html", "<body><a href='fr/guide/start/'>x</a>")
    project.write("pages/fr/guide/start/index.html", "<body><a href='gone.html'>")
    run = project.run("docs", "check", "--site", "pages")
    (finding,) = run.findings("docs-links")
    assert (finding["path"], finding["line"]) == ("docs/guide/start.fr.md", 3)


def test_pages_that_a_plugin_moves_have_their_sources(project: DemoProject) -> None:
    project.write("mkdocs.yml", "site_name: x\n")
    project.write("docs/index.md", "# x\n")
    text = "# First post\n\n[a](../gone.html)\n\n## *More* `x`\n\n#### Skipped\n"
    front = "---\ncategories:\n  - News\n---\n"
    project.write("docs/blog/posts/first.md", f"{front}{text}")
    project.write("docs/blog/posts/second.md", "# First post\n\n## More\n")
    # Two files with the same headings: only their names differ.
    for name in ("start", "other"):
        project.write(f"packages/a/docs/{name}.md", "# A\n\n[b](gone.html)\n")
    link = "<body><a href='blog/2026/post/'>x</a> <a href='a/start/'>x</a>"
    project.write("pages/index.html", link)
    post = (
        "<body><h1>First post</h1><a href='../gone.html'>a</a>"
        "<h2>More x</h2><h4>Skipped</h4>"
    )
    project.write("pages/blog/2026/post/index.html", post)
    project.write("pages/a/start/index.html", "<body><h1>A</h1><a href='gone.html'>b")
    run = project.run("docs", "check", "--site", "pages")
    places = [
        (each["path"], each["line"])
        for name in ("docs-links", "docs-pages")
        for each in run.findings(name)
    ]
    assert places == [
        ("packages/a/docs/start.md", 3),
        ("docs/blog/posts/first.md", 7),
        ("docs/blog/posts/first.md", 11),
    ]


def test_a_rewritten_link_is_found_where_it_is_written(project: DemoProject) -> None:
    project.write("mkdocs.yml", "site_name: x\n")
    text = "# x\n\nfix, old.txt\n\n[a](drafts/x.md) [b](other/old.md#x)\n"
    project.write("docs/index.md", text)
    links = "<a href='drafts/x/'>a</a><a href='other/old/#x'>b</a>"
    project.write("pages/index.html", f"<body><main><h1>x</h1>{links}")
    run = project.run("docs", "check", "--site", "pages")
    assert [each["line"] for each in run.findings("docs-links")] == [5, 5]


def test_a_redirect_to_a_missing_anchor_is_reported_once(project: DemoProject) -> None:
    redirects = (
        "plugins:\n- redirects:\n    redirect_maps:\n      old/a.md: x.md#gone\n"
    )
    project.write("mkdocs.yml", f"site_name: x\n{redirects}")
    project.write("docs/x.md", "# x\n")
    project.write("pages/index.html", "<body><a href='x/'>x</a><h1>x</h1>")
    project.write("pages/x/index.html", "<body><h1>x</h1>")
    target = "../../x/#gone"
    refresh = f'<meta http-equiv="refresh" content="0; url={target}">'
    project.write(
        "pages/old/a/index.html", f'{refresh}<body>To <a href="{target}">x</a>'
    )
    run = project.run("docs", "check", "--site", "pages")
    (finding,) = run.findings("docs-links")
    assert (finding["path"], finding["line"]) == ("mkdocs.yml", 5)
