"""Create a virtual environment with uv or pip, and keep it while it is current."""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ci_engine.environments.environment import environment_error
from ci_engine.environments.installer import (
    VenvCommands,
    pip_commands,
    python_of,
    uv_commands,
)
from ci_engine.errors import ToolError
from ci_engine.processes.child_environment import activated, manager_variables
from ci_engine.processes.file_lock import file_lock
from ci_engine.processes.network_failures import network_failure
from ci_engine.processes.programs import Outcome, find_program, run_program
from ci_engine.project.output_files import prepare_directory, write_text

_SECONDS = 1200.0
_STAMP = "ci-framework-stamp"


@dataclass(frozen=True)
class Installer:
    """Runs installers in the repository."""

    root: Path
    cancel: threading.Event | None = None

    def run(
        self, what: str, command: Sequence[str], extra: Mapping[str, str] | None = None
    ) -> Outcome:
        """Run a command that must succeed.

        Raises:
            ToolError: if it fails.
        """
        extra = dict(extra or {})
        outcome = self._run(command, extra)
        if outcome.code and command[0] == "uv" and network_failure(outcome):
            # uv queries the index for expired cache entries; offline, it uses them.
            cached = self._run(command, {**extra, "UV_OFFLINE": "1"})
            outcome = outcome if cached.code else cached
        if outcome.code != 0:
            raise environment_error(what, outcome)
        return outcome

    def _run(self, command: Sequence[str], extra: Mapping[str, str]) -> Outcome:
        return run_program(
            command,
            cwd=self.root,
            timeout=_SECONDS,
            variables=manager_variables(extra),
            cancel=self.cancel,
        )

    def install(
        self, what: str, prefix: Path, version: str, requirements: Sequence[str]
    ) -> None:
        """Install into a virtual environment, which is created if necessary."""
        commands = venv_commands(prefix, version)
        if not python_of(prefix).exists():
            self.run(what, commands.make)
        if requirements:
            # A build that is not isolated finds its programs on the search path.
            path = {"PATH": activated(prefix)["PATH"]}
            self.run(what, [*commands.install, *requirements], path)


def venv_commands(
    prefix: Path, version: str = "", interpreter: str = ""
) -> VenvCommands:
    """The commands that create and fill a virtual environment on this machine.

    Args:
        prefix: its directory.
        version: its minor version of Python, empty = any.
        interpreter: the interpreter to use, instead of a version.

    Raises:
        ToolError: if there is no such Python, and uv cannot find one.
    """
    if find_program("uv") is not None:
        # Without a version, uv uses the first interpreter that the project allows.
        return uv_commands(prefix, interpreter or version)
    ours = version in ("", f"{sys.version_info[0]}.{sys.version_info[1]}")
    found = interpreter or (
        sys.executable if ours else find_program(f"python{version}")
    )
    if not found:
        raise ToolError(
            f"Python {version} is not installed",
            hint=f"install Python {version}, or uv, which finds one",
        )
    return pip_commands(prefix, str(found))


def keep_or_make(
    prefix: Path, output: Path, key: str, make: Callable[[], None]
) -> None:
    """Keep an environment below the output directory while its key is the same.

    Args:
        prefix: the environment, created by the engine, which may delete it.
        output: the output directory of the repository.
        key: changes with everything the environment depends on.
        make: creates it if it does not exist.
    """
    stamp = prefix / _STAMP
    if _fits(prefix, stamp, key):
        return
    prepare_directory(prefix.parent, output)
    with file_lock(output / ".environments-lock"):
        # Another run may have created it in the meantime.
        if _fits(prefix, stamp, key):
            return
        if prefix.is_dir():
            shutil.rmtree(prefix)
        make()
        write_text(stamp, key)


def _fits(prefix: Path, stamp: Path, key: str) -> bool:
    try:
        same = stamp.read_text(encoding="utf-8") == key
    except OSError:
        return False
    return same and python_of(prefix).exists()
