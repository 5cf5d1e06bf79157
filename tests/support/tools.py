"""The programs that the tests call, and what happens if one is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# `.ci/run` sets it after it has installed everything: then nothing may be missing.
REQUIRE_TOOLS = "TESTS_REQUIRE_TOOLS"


def find_tool(name: str) -> Path | None:
    """Look beside the interpreter, on PATH and where `go install` puts programs."""
    gopath = Path(os.environ.get("GOPATH", str(Path.home() / "go")))
    gobin = os.environ.get("GOBIN") or str(gopath / "bin")
    locations = [str(Path(sys.executable).parent), os.environ.get("PATH", ""), gobin]
    found = shutil.which(name, path=os.pathsep.join(locations))
    return Path(found) if found else None


def missing(what: str) -> None:
    """Skip the test because a program is missing, or fail if none may be missing."""
    if os.environ.get(REQUIRE_TOOLS) == "1":
        pytest.fail(f"{what} is missing and {REQUIRE_TOOLS}=1")
    pytest.skip(f"{what} is missing; `.ci/run` installs it")


def require_tool(name: str) -> Path:
    """The path of a program; without it the test is skipped, or fails."""
    found = find_tool(name)
    if found is None:
        missing(name)
        raise AssertionError(name)
    return found


def run_tool(
    name: str, *arguments: str | Path, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program with our tools on PATH, and keep its output."""
    command = [str(require_tool(name)), *map(str, arguments)]
    scripts = str(Path(sys.executable).parent)
    path = os.pathsep.join([scripts, os.environ.get("PATH", "")])
    return subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def assert_clean(completed: subprocess.CompletedProcess[str]) -> None:
    """Fail with the whole output of the program, unless it exited with 0."""
    said = f"{completed.stdout}\n{completed.stderr}"
    assert completed.returncode == 0, f"exit {completed.returncode}\n{said}"
