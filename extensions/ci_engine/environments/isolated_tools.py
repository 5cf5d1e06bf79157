"""Tools that a project does not have: run isolated, in the locked version."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import threading
from functools import cache
from pathlib import Path

import msgspec

from ci_engine.configuration.loading import configs_directory, read_yaml
from ci_engine.environments.environment import activated, environment_error, python_of
from ci_engine.errors import ConfigurationError
from ci_engine.processes.file_lock import file_lock
from ci_engine.processes.programs import find_program, run_program
from ci_engine.project.output_files import prepare_directory, write_text
from ci_engine.project.repository import Project

__all__ = ["IsolatedTool", "isolated_tool"]

_INSTALL_SECONDS = 600.0
_LOCK = threading.Lock()


class ToolLock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One tool of ``configs/tool-locks.yaml``.

    Attributes:
        version: version of the tool itself.
        requirements: everything it needs, one line each, with hashes.
    """

    version: str
    requirements: list[str]


class IsolatedTool(msgspec.Struct, frozen=True):
    """A tool in an environment of its own.

    Attributes:
        name: the distribution, for example ``ruff``.
        version: its version.
        scripts: the directory with its programs.
        variables: the environment variables it runs with.
    """

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
        ConfigurationError: if the file is not what it should be.
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
    """Install a locked tool below ``.ci-framework/tools`` unless it is there.

    Args:
        project: the repository.
        name: the tool.
        cancel: set when the run is called off.
        interpreter: the Python that it runs under, empty = the one of the engine.

    Raises:
        ToolError: if it cannot be installed.
    """
    lock = read_tool_locks()[name]
    text = "\n".join(lock.requirements) + "\n"
    python = interpreter or sys.executable
    base = interpreter or sys.version
    identity = hashlib.sha256(f"{base}\n{text}".encode()).hexdigest()[:12]
    prefix = project.output / "tools" / f"{name}-{lock.version}-{identity}"
    done = prefix / "ci-framework-stamp"
    prepare_directory(prefix.parent, project.output)
    with _LOCK, file_lock(prefix.parent / f".{name}.lock"):
        # Its interpreter goes with the one that made it, for example an upgrade.
        if not (done.is_file() and python_of(prefix).exists()):
            _install(project, prefix, text, python, cancel)
            write_text(done, identity)
    scripts = python_of(prefix).parent
    return IsolatedTool(name, lock.version, scripts, activated(prefix))


def _install(
    project: Project,
    prefix: Path,
    requirements: str,
    interpreter: str,
    cancel: threading.Event | None,
) -> None:
    if prefix.is_dir():
        # Ours: an installation below .ci-framework/tools that was cut short.
        shutil.rmtree(prefix)
    prepare_directory(prefix, project.output)
    listing = prefix / "requirements.txt"
    write_text(listing, requirements)
    python = str(python_of(prefix))
    if find_program("uv") is not None:
        make = ["uv", "venv", "--quiet", "--allow-existing", "--python"]
        make += [interpreter, str(prefix)]
        install = ["uv", "pip", "install", "--quiet", "--python", python]
    else:
        make = [interpreter, "-I", "-m", "venv", str(prefix)]
        install = [python, "-I", "-m", "pip", "install", "--quiet"]
        install += ["--disable-pip-version-check"]
    install += ["--no-deps", "--require-hashes", "--requirement", str(listing)]
    for command in (make, install):
        outcome = run_program(
            command, cwd=project.root, timeout=_INSTALL_SECONDS, cancel=cancel
        )
        if outcome.code != 0:
            raise environment_error("a locked tool could not be installed", outcome)
