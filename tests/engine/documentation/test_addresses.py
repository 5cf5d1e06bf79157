"""The targets of addresses, and the elements of a page."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_engine.documentation.addresses import Site, has_fragment
from ci_engine.documentation.html_page import HtmlPage, read_page
from ci_engine.documentation.source_text import heading_line, reference_line
from ci_engine.documentation.style_sheets import style_addresses

FILES = frozenset(
    {"index.html", "a/index.html", "b.html", "a/pic 1.png", "c/x.html", "Größe.html"}
)


def site(url: str = "https://example.org/demo/", *, versions: bool = False) -> Site:
    return Site(Path(), url, versions, FILES)


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("", "a/index.html"),
        ("#x", "a/index.html"),
        ("?q=1", "a/index.html"),
        (".", "a/index.html"),
        ("./", "a/index.html"),
        ("..", "index.html"),
        ("../", "index.html"),
        ("../index.html", "index.html"),
        ("../b.html?x#y", "b.html"),
        ("../b", "b.html"),
        ("../a", "a/index.html"),
        ("pic%201.png", "a/pic 1.png"),
        ("pic 1.png", "a/pic 1.png"),
        ("../Gr%C3%B6%C3%9Fe.html", "Größe.html"),
        ("/demo", "index.html"),
        ("/demo/", "index.html"),
        ("/demo/a/", "a/index.html"),
        ("https://example.org/demo/b.html", "b.html"),
        ("HTTPS://EXAMPLE.org/demo", "index.html"),
    ],
)
def test_addresses_that_lead_into_the_site(address: str, path: str) -> None:
    target = site().resolve(address, "a/index.html")
    assert (target.path, target.problem, target.external) == (path, "", "")


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("gone.html", "is broken: there is no such file"),
        ("../B.html", "is broken: the file is named b.html"),
        ("../A/", "is broken: the file is named a/index.html"),
        ("../c/", "points to the directory c, which has no index.html"),
        ("../b.html/", "is broken: the file is named b.html"),
        ("../../x", "points outside the site"),
        ("/b.html", "starts at the top of the host, and the site is at /demo/"),
        ("/x", "is outside the site, which is at /demo/"),
        ("https://example.org/demo/x", "is broken: there is no such file"),
        ("file:///x", "points to a file on one machine"),
        ("http://[x", "is not an address"),
    ],
)
def test_addresses_that_lead_nowhere(address: str, problem: str) -> None:
    assert site().resolve(address, "a/index.html").problem == problem


@pytest.mark.parametrize(
    "address",
    ["//example.com", "https://example.org/other/", "mailto:a@b", "tel:1", "data:,x"],
)
def test_addresses_of_other_sites(address: str) -> None:
    assert site().resolve(address, "index.html").external


def test_other_versions_are_beside_the_site() -> None:
    versioned = site(versions=True)
    for address in ("../../1.0/", "/demo/latest/b.html", "https://example.org/demo/9/"):
        assert not versioned.resolve(address, "a/index.html").problem
    assert versioned.resolve("/demo/latest/gone.html", "index.html").problem


def test_a_base_element_moves_what_is_relative() -> None:
    assert site().resolve("b.html", "c/x.html", "../").path == "b.html"
    assert site("").resolve("/b.html", "c/x.html").path == "b.html"


@pytest.mark.parametrize(
    ("fragment", "there"),
    [
        ("", True),
        ("top", True),
        ("TOP", True),
        (":~:text=x", True),
        ("a:~:text=x", True),
        ("a", True),
        ("A", False),
        ("gr%C3%B6%C3%9Fe", True),
        ("größe", True),
        ("100%25", True),
    ],
)
def test_fragments(fragment: str, there: bool) -> None:
    assert has_fragment(fragment, {"a", "größe", "100%"}) is there


def page(tmp_path: Path, text: str) -> HtmlPage:
    (tmp_path / "x.html").write_text(text, encoding="utf-8")
    return read_page(tmp_path, "x.html")


def test_the_frame_of_a_page_has_no_headings_of_it(tmp_path: Path) -> None:
    read = page(
        tmp_path,
        "<h1>Site</h1><nav><h3>Menu</h3></nav><main><nav><h5>On this page</h5></nav>"
        "<div class='a onlyprint'><h1>Title</h1><div><h2>Contents</h2></div></div>"
        "<h1>Title<a class='headerlink' href='#t'>¶</a></h1>"
        "<h2><a class='headerlink' href='#t'>¶</a></h2><h3><img alt='x'></h3>"
        "<h2 hidden></h2></main><footer><h6>End</h6></footer>",
    )
    assert [(h.level, h.text) for h in read.headings] == [
        (1, "Title"),
        (2, ""),
        (3, "x"),
    ]


def test_a_page_without_a_main_part_is_its_own(tmp_path: Path) -> None:
    read = page(tmp_path, "<body><h1>A<p><h2>B</h2><b id=x></b><b id=x></b>")
    assert [h.level for h in read.headings] == [1, 2]
    assert read.repeated == {"x": 1}


def test_what_a_page_names(tmp_path: Path) -> None:
    read = page(
        tmp_path,
        "<!-- <a href='no'> --><script>'<a href=no>'</script>"
        "<meta http-equiv=refresh content=\"0; url='b.html#x'\">"
        "<link rel=canonical href=no><link rel='shortcut icon' href=i.png>"
        "<img srcset='a.png, data:image/png;base64,x 2x,b.png 2x' src=a.png>"
        "<a name=n id=i href=' y '>&amp;</a><svg><path id=i /></svg><area href=z>",
    )
    assert read.redirect == "b.html#x"
    addresses = [link.address for link in read.links]
    assert addresses == [
        *("i.png", "a.png", "a.png", "data:image/png;base64,x", "b.png", "y", "z")
    ]
    assert read.targets == {"n", "i"}
    assert read.repeated == {}


def test_links_that_show_as_text(tmp_path: Path) -> None:
    read = page(
        tmp_path,
        "<nav>[menu][x]</nav><main><p>[one\n two][a] a[i][j] list[int][0] [0][1] [i][j]"
        "\n<code>[b][c]</code>[0][x] f()[two words][x]</p><pre>[d][e]</pre>"
        "<p>[<b>three</b>][x y] and [<img>][f]</p><ul><li>[g]<li>[h]</ul>"
        "<span class=arithmatex>[p][q]</span> <a>[1]</a><a>[2]</a> [four][]</main>",
    )
    assert [(each.written, each.label) for each in read.references] == [
        ("[one two][a]", "a"),
        ("[three][x y]", "x y"),
        ("[…][f]", "f"),
        ("[four][]", "four"),
    ]
    assert read.references[1].line == 3


@pytest.mark.parametrize(
    ("label", "line"),
    [("a b", 2), ("fenced", 0), ("escaped", 0), ("in code", 9), ("a+b", 10)],
)
def test_the_line_of_a_link_that_shows_as_text(
    tmp_path: Path, label: str, line: int
) -> None:
    path = tmp_path / "x.md"
    path.write_text(
        "# X\n[x][a  b]\n\n```python\n[x][fenced]\n```\n"
        "\\[x\\]\\[escaped\\]\n[y][other]\n[z][in code]\n[a+b][]\n",
        encoding="utf-8",
    )
    assert reference_line(path, label) == line


@pytest.mark.parametrize(
    ("text", "repetition", "line"),
    [("Use it", 0, 4), ("Use it", 1, 10), ("", 0, 8), ("Title", 0, 2), ("no", 0, 0)],
)
def test_the_line_of_a_heading(
    tmp_path: Path, text: str, repetition: int, line: int
) -> None:
    path = tmp_path / "x.md"
    path.write_text(
        "Use it and Title\nTitle\n=====\n## Use `it` { #use }\n```\n# Use it\n```\n"
        "## <span></span>\n\n<h2>Use <b>it</b></h2>\n",
        encoding="utf-8",
    )
    assert heading_line(path, text, repetition) == line


def test_a_style_sheet_names_files() -> None:
    text = """\
@import "base.css";
/* url(gone.png)
*/
a { background: url(../img/a.png); mask: url(#shape) }
b { src: url("font.woff2?x#y") format("woff2"), url('data:font/woff2;base64,AA(A') }
c { background: URL( 'pic (1).png' ), url(""), url() }
"""
    assert [*style_addresses(text)] == [
        ("base.css", 1),
        ("../img/a.png", 4),
        ("font.woff2?x#y", 5),
        ("data:font/woff2;base64,AA(A", 5),
        ("pic (1).png", 6),
    ]
