"""Serving: on this machine only, and as the files are now."""

from __future__ import annotations

import shutil
import signal
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from ci_engine.documentation.serving import PageServer
from tests.support.docs_projects import DocsProject
from tests.support.projects import wait_until


def fetch(address: str) -> str:
    with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - our own
        return str(answer.read().decode())


def test_pages_are_there_while_a_new_build_takes_their_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    server = PageServer(site, "/demo/", 0)
    over = threading.Event()
    serving = threading.Thread(target=server.serve, args=([], bool, over))
    remove = shutil.rmtree
    seen: list[str] = []

    def watched(path: Path, *, ignore_errors: bool) -> None:
        remove(path, ignore_errors=ignore_errors)
        seen.append(fetch(server.address))

    serving.start()
    try:
        (site / "index.html").write_text("build 0")
        server.show()
        monkeypatch.setattr(shutil, "rmtree", watched)
        for number in (1, 2, 3):
            (site / "index.html").write_text(f"build {number}")
            server.show()
        monkeypatch.undo()
    finally:
        over.set()
        serving.join()
    assert seen == [f"build {number}" for number in (0, 1, 1, 2, 2, 3)]
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


@pytest.mark.heavy
def test_pages_follow_their_files(tmp_path: Path) -> None:
    project = DocsProject(tmp_path / "demo")
    config = "site_name: Demo\nsite_url: https://example.org/demo/\ntheme: mkdocs\n"
    project.write("mkdocs.yml", config)
    project.write("docs/index.md", "# First\n")
    process = project.start("docs", "serve", "--port", "0")
    try:
        assert process.stdout
        line = next(row.decode() for row in process.stdout if b"serving" in row)
        address = line.split()[1].rstrip(",")
        assert address.startswith("http://127.0.0.1:")
        assert address.endswith("/demo/")
        assert "First" in fetch(address)
        # The top of the host leads to the site; nothing else is there.
        assert "First" in fetch(address.removesuffix("demo/"))
        for path in ("other/", "demo/../mkdocs.yml", "demo/..%2fmkdocs.yml"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                fetch(address.removesuffix("demo/") + path)
        project.write("docs/index.md", "# Second\n")
        wait_until(lambda: "Second" in fetch(address))
        # What cannot be built does not replace what is shown.
        project.write("docs/index.md", "# Third\n\n[x](gone.md)\n")
        assert any(b"FAILED" in row for row in process.stdout)
        assert "Second" in fetch(address)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 1
    finally:
        process.kill()
        process.communicate()
