"""The security audit of an adopted project: green for old findings, red for new ones.

Real scanners are installed, and query a stand-in for the advisory service.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.adoptable_repositories import commit, make_repository, write
from tests.support.adoption_scenes import Companion
from tests.support.osv import serving
from tests.support.plans import picture
from tests.support.programs import run
from tests.support.projects import clean_environment

pytestmark = pytest.mark.heavy

SOURCE = "src/shapes/__init__.py"
FLAW = '"""Shapes."""\n\n\ndef run(text: str) -> object:\n    return eval(text)\n'
FILES: dict[str, str | bytes] = {
    "pyproject.toml": """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "shapes"
version = "1.0"
requires-python = ">=3.10"
dependencies = ["idna==3.6"]

[dependency-groups]
test = ["pytest"]
""",
    SOURCE: FLAW,
    "tests/test_shapes.py": """\
import shapes


def test():
    assert shapes.run("1")
""",
    # Its actions are not pinned, which zizmor reports.
    ".github/workflows/tests.yml": """\
name: Tests
on: [push]
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: pytest
""",
}


def scan(project: Path, url: str, *words: str) -> int:
    """Scan as the workflow does."""
    launcher = project / "ci-framework" / "bootstrap"
    done = subprocess.run(
        [sys.executable, "-I", str(launcher), "scan", *words],
        cwd=project,
        env=clean_environment(OSV_SERVICE_URL=url),
        check=False,
        capture_output=True,
    )
    return done.returncode


def test_the_first_audit_is_green_for_what_is_old_and_red_for_what_is_new(
    tmp_path: Path,
    releases: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project = make_repository(tmp_path / "project", FILES)
    companion = Companion(capsys)
    before = picture(project)
    template = ["--template", str(releases), "--vcs-ref", "v2.0.0"]
    with serving() as service:
        service.add("idna", "3.6", "PYSEC-2024-60", fixed="3.7")
        monkeypatch.setenv("OSV_SERVICE_URL", service.url)
        service.broken = True
        text = companion.run("adopt", project, *template, "--yes", code=3)
        assert "scan (not-run): the scan could not examine everything: audit" in text
        told = companion.json("status", project)
        assert (told["done"], told["next-command"]) == (False, "ci-framework validate")
        # With its service the same command completes the record.
        service.broken = False
        companion.run("validate", project, "--yes")
        assert companion.json("status", project)["done"]
        count = run("git", "rev-list", "--count", "main..HEAD", cwd=project)
        assert count.strip() == "1"
        baseline = (project / "ci-framework/project/baseline.json").read_text("utf-8")
        recorded = {
            (row["check"], row["rule"]) for row in json.loads(baseline)["findings"]
        }
        assert recorded >= {
            ("bandit", "B307"),
            ("scan-audit", "PYSEC-2024-60"),
            ("zizmor", "unpinned-uses"),
        }
        assert scan(project, service.url, "--history", "all") == 0
        write(
            project,
            {SOURCE: f"{FLAW}\n\ndef more(text: str) -> None:\n    exec(text)\n"},
        )
        commit(project)
        assert scan(project, service.url) == 1
    run("git", "reset", "--quiet", "--hard", "HEAD^", cwd=project)
    run("git", "clean", "-ffdxq", cwd=project)
    companion.run("rollback", project)
    assert picture(project) == before
