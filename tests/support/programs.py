"""Run programs that have to succeed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.renders import ROOT


def run(
    *command: str | Path, cwd: Path, variables: Mapping[str, str] | None = None
) -> str:
    """Run a command that has to succeed, and return what it prints."""
    result = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **(variables or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def tool(name: str) -> Path:
    """A program of this environment."""
    return Path(sys.executable).with_name(name)


def package_index() -> str:
    """The index that the lock of this repository was made with."""
    lock = (ROOT / "uv.lock").read_text(encoding="utf-8")
    found = re.search(r'registry = "([^"]+)"', lock)
    assert found is not None
    return f"{found.group(1)}/"
