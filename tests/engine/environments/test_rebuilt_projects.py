"""A project that is built again at each import keeps what builds it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_engine.environments.project_environment import (
    EnvironmentRequest,
    fill_environment,
)
from ci_engine.project.repository import read_project
from tests.support.projects import program

PYPROJECT = """\
[build-system]
build-backend = "{}"
requires = ["meson-python", "numpy>=2"]
[project]
name = "Waves"
version = "1"
"""
ISOLATED = ["--editable ."]
KEPT = [
    "meson-python numpy>=2 ninja",
    "--editable . --no-build-isolation-package=Waves",
]


@pytest.mark.parametrize(
    ("backend", "installed"), [("mesonpy", KEPT), ("flit_core.buildapi", ISOLATED)]
)
def test_what_builds_the_project_stays_in_its_environment(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    backend: str,
    installed: list[str],
) -> None:
    log = tmp_path / "log"
    script = (
        f"import sys\nopen({str(log)!r}, 'a').write(' '.join(sys.argv[1:]) + '\\n')\n"
    )
    program(tmp_path / "bin", "uv", script)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    root = tmp_path / "project"
    root.mkdir()
    (root / "pyproject.toml").write_text(PYPROJECT.format(backend), encoding="utf-8")
    request = EnvironmentRequest(read_project(root), "", "3.12")
    fill_environment(request, tmp_path / "environment")
    rows = log.read_text(encoding="utf-8").splitlines()
    calls = [row for row in rows if row.startswith("pip install")]
    assert [row.partition(" --python ")[2].partition(" ")[2] for row in calls] == [
        *installed
    ]
