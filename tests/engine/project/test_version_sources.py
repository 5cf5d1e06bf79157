"""Which packages have their version from the history of git."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_engine.project.repository import read_project
from ci_engine.project.version_sources import version_from_git

DYNAMIC = '[project]\nname = "x"\ndynamic = ["version"]\n'
STATIC = '[project]\nname = "x"\nversion = "1"\n'


def requires(*names: str) -> str:
    return f"[build-system]\nrequires = {list(names)}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (DYNAMIC + requires("setuptools", "setuptools_scm[toml]>=8"), "setuptools-scm"),
        (DYNAMIC + requires("hatchling", "hatch-vcs"), "hatch-vcs"),
        (DYNAMIC + requires("versioneer[toml]==0.29"), "versioneer"),
        (requires("setuptools-scm"), "setuptools-scm"),
        (DYNAMIC + requires("pdm-backend"), ""),
        (
            f'{DYNAMIC}{requires("pdm-backend")}[tool.pdm.version]\nsource = "scm"\n',
            "pdm-backend",
        ),
        (
            f"{STATIC}{requires('poetry-core', 'poetry-dynamic-versioning')}"
            "[tool.poetry-dynamic-versioning]\nenable = true\n",
            "poetry-dynamic-versioning",
        ),
        (STATIC + requires("setuptools-scm"), ""),
        (DYNAMIC + requires("hatchling"), ""),
        (DYNAMIC + requires("", "@"), ""),
    ],
)
def test_version_from_git(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert version_from_git(read_project(tmp_path)) == expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ('setup(name="demo", version="1.0")', ""),
        ("setup(use_scm_version=True)", "setuptools-scm"),
        ("import versioneer\nsetup(version=versioneer.get_version())", "versioneer"),
    ],
)
def test_a_setup_script_says_what_derives_its_version(
    tmp_path: Path, script: str, expected: str
) -> None:
    (tmp_path / "setup.py").write_text(script, encoding="utf-8")
    assert version_from_git(read_project(tmp_path)) == expected
