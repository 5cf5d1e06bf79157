"""Serving: on this machine only, and as the files are now."""

from __future__ import annotations

import signal
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.support.docs_projects import DocsProject
from tests.support.projects import wait_until


def fetch(address: str) -> str:
    with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - our own
        return str(answer.read().decode())


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
