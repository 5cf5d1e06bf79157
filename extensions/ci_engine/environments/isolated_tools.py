"""Run tools that a project does not have: isolated, in the locked version."""

from __future__ import annotations

import hashlib
import os
import sys
import sysconfig
import threading
from functools import cache
from pathlib import Path

import msgspec

from ci_engine.configuration.defaults import configs_directory
from ci_engine.configuration.reading import read_yaml
from ci_engine.environments.environment import environment_error
from ci_engine.environments.installer import (
    installer_variables,
    python_of,
    ways_to_install,
)
from ci_engine.environments.user_cache import keep_in_cache
from ci_engine.errors import ConfigurationError
from ci_engine.processes.allowed_variables import plain_variables
from ci_engine.processes.child_environment import activated, child_variables
from ci_engine.processes.programs import run_program
from ci_engine.project.output_files import write_text
from ci_engine.project.repository import Project

_INSTALL_SECONDS = 600.0
_LOCK = threading.Lock()
# Environments of the same build of Python are identical, wherever it is installed.
_BUILD = """\
import sys, sysconfig
print(sys.version, sysconfig.get_platform(), getattr(sys, "_base_executable", ""))
"""


class ToolLock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One tool of ``configs/tool-locks.yaml``.

    Attributes:
        requirements: all of its requirements, one per line, with hashes.
    """

    version: str
    requirements: list[str]


class IsolatedTool(msgspec.Struct, frozen=True):
    """A tool in its own environment."""

    name: str
    version: str
    scripts: Path
    variables: dict[str, str]

    def program(self, name: str = "") -> str:
        """The path of one of its programs."""
        suffix = ".exe" if os.name == "nt" else ""
        return str(self.scripts / f"{name or self.name}{suffix}")


@cache
def read_tool_locks() -> dict[str, ToolLock]:
    """Read the locked versions of all tools.

    Raises:
        ConfigurationError: if the file is invalid.
    """
    path = configs_directory() / "tool-locks.yaml"
    try:
        return msgspec.convert(read_yaml(path), dict[str, ToolLock])
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{path.name}: {error}") from error


def isolated_tool(
    project: Project,
    name: str,
    cancel: threading.Event | None = None,
    interpreter: str = "",
) -> IsolatedTool:
    """Install a locked tool in the user's cache unless it is installed."""
    lock = read_tool_locks()[name]
    python = interpreter or sys.executable
    text = "\n".join(lock.requirements) + "\n"
    with _LOCK:
        prefix = keep_in_cache(
            project.repository,
            tool_entry(name, python, cancel),
            lambda fresh: _install(fresh, text, python, cancel),
            # Its interpreter may have been removed, for example by an upgrade.
            lambda kept: python_of(kept).exists(),
        )
    scripts = python_of(prefix).parent
    variables = plain_variables(activated(prefix))
    return IsolatedTool(name, lock.version, scripts, variables)


def tool_entry(
    name: str, python: str = sys.executable, cancel: threading.Event | None = None
) -> str:
    """The cache entry of a tool.

    Another Python or another lock means another entry; entries never change.
    """
    lock = read_tool_locks()[name]
    parts = [_build_of(python, cancel), *lock.requirements]
    identity = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]
    return f"tools/{name}-{lock.version}-{identity}"


@cache
def _build_of(python: str, cancel: threading.Event | None) -> str:
    """The build of an interpreter, and its location."""
    if python == sys.executable:
        base = getattr(sys, "_base_executable", "")
        return f"{sys.version} {sysconfig.get_platform()} {base}"
    outcome = run_program(
        [python, "-I", "-c", _BUILD],
        cwd=Path(python).parent,
        timeout=60,
        variables=plain_variables(child_variables()),
        cancel=cancel,
    )
    if outcome.code != 0:
        raise environment_error("the interpreter does not respond", outcome)
    return outcome.stdout.strip()


def _install(
    prefix: Path, requirements: str, interpreter: str, cancel: threading.Event | None
) -> None:
    listing = prefix / "requirements.txt"
    write_text(listing, requirements)
    ways = ways_to_install(prefix, interpreter, listing)
    for command in ways["uv" if "uv" in ways else "venv"]:
        outcome = run_program(
            command,
            cwd=prefix.parent,
            timeout=_INSTALL_SECONDS,
            variables=installer_variables(),
            cancel=cancel,
        )
        if outcome.code != 0:
            raise environment_error("a locked tool could not be installed", outcome)
