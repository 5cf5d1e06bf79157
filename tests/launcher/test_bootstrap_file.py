"""The launcher's own files follow the rules of all other code.

``bootstrap`` has no suffix, so that tools which look at every Python file of a project
leave it alone: here it is checked under a name that they know.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.projects import ENGINE, LAUNCHER, ROOT
from tests.support.tools import require_tool

MOST_LINES = 370


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    path = tmp_path / "bootstrap.py"
    shutil.copy(LAUNCHER / "bootstrap", path)
    return path


def check(*command: object, cwd: Path | None = None) -> None:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_bootstrap_is_short() -> None:
    lines = (LAUNCHER / "bootstrap").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= MOST_LINES


def test_the_bootstrap_passes_ruff(copied: Path) -> None:
    config = ("--config", ROOT / "pyproject.toml")
    check(require_tool("ruff"), "check", *config, "--no-cache", copied)
    check(require_tool("ruff"), "format", "--check", *config, "--no-cache", copied)


@pytest.mark.heavy
def test_the_bootstrap_passes_strict_mypy(copied: Path, tmp_path: Path) -> None:
    config = tmp_path / "mypy.ini"
    config.write_text(
        f"[mypy]\nstrict = true\npython_version = 3.10\nmypy_path = {ENGINE}\n",
        encoding="utf-8",
    )
    check(sys.executable, "-m", "mypy", "--config-file", config, copied, cwd=tmp_path)


@pytest.mark.heavy
def test_the_bootstrap_passes_strict_pyright(copied: Path, tmp_path: Path) -> None:
    settings = {
        "typeCheckingMode": "strict",
        "pythonVersion": "3.10",
        "include": [copied.name],
        "extraPaths": [str(ENGINE)],
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    check(sys.executable, "-m", "pyright", "--project", tmp_path)


def test_the_shell_scripts_pass_shellcheck() -> None:
    scripts = [LAUNCHER / "ci", *LAUNCHER.glob("scripts/*.sh"), ROOT / "ci"]
    scripts += ROOT.glob("scripts/*.sh")
    check(require_tool("shellcheck"), *scripts)


def test_the_launcher_uses_nothing_that_the_bash_of_macos_lacks() -> None:
    """Its bash is 3.2: no associative arrays, no mapfile, no case conversion."""
    text = (LAUNCHER / "ci").read_text(encoding="utf-8")
    for word in (
        "declare -A",
        "mapfile",
        "readarray",
        ",,}",
        "^^}",
        "|&",
        "&>>",
        "[-1]",
    ):
        assert word not in text
