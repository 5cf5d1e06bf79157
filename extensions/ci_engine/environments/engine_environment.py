"""Start the engine in an environment that has the packages it needs.

The launcher calls this once it has found the engine. Only the standard library is
used here, and in what is imported here: the packages may not be installed yet.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ci_engine.environments.installer import (
    Commands,
    installer_variables,
    python_of,
    ways_to_install,
)
from ci_engine.environments.user_cache import CACHE_VARIABLE, keep_in_cache
from ci_engine.errors import ToolError

__all__ = ["start"]

# The lowest versions that the engine works with; the lock has newer ones.
NEEDED = {"msgspec": (0, 20), "pyyaml": (6, 0)}
_PACKAGE = Path(__file__).resolve().parent.parent
_INSTALL_SECONDS = 600


def start(
    arguments: Sequence[str],
    *,
    repository: Path,
    requirements: bytes,
    platform: str,
    unchanging: bool,
) -> int:
    """Run the engine here or in its own environment, which is made if need be.

    Args:
        arguments: the command line.
        repository: the top of the repository.
        requirements: the engine's packages with their hashes.
        platform: the kind of machine, part of the name of the environment.
        unchanging: whether the engine's files never change, so that Python need not
            look whether they did.

    Returns:
        The exit code, unless this process has become the engine.
    """
    command = [str(_PACKAGE / "__main__.py"), f"--repository={repository}", *arguments]
    verbose = "--verbose" in arguments
    if _has_packages():
        _note(verbose, f"engine: this interpreter ({sys.executable})")
        _compile(Path(sys.executable), unchanging=unchanging)
        from ci_engine.__main__ import start as run  # noqa: PLC0415 - needs packages

        return run(command[1:])
    before = os.environ.get(CACHE_VARIABLE)
    try:
        python = _private_python(repository, requirements, platform)
    except ToolError as error:
        sys.stderr.write(f"ci: {error}\nhint: {error.hint}\n")
        return error.exit_code
    _note(verbose, f"engine: private environment ({python})")
    _compile(python, unchanging=unchanging)
    # It is set where nothing can be kept: then this process has to clean up.
    cleans_up = os.environ.get(CACHE_VARIABLE) != before
    return _become([str(python), "-I", *command], cleans_up=cleans_up)


def _has_packages() -> bool:
    """Whether this interpreter has every package in a version that works."""
    try:
        for name, lowest in NEEDED.items():
            parts = version(name).split(".")
            if tuple(int(part) for part in parts[:2]) < lowest:
                return False
        if sys.version_info < (3, 11):
            version("tomli")
    except (PackageNotFoundError, ValueError):
        return False
    return True


def _private_python(repository: Path, requirements: bytes, platform: str) -> Path:
    """The interpreter of the private environment, which is made if need be.

    The launcher finds the environment by the same name, without starting Python.

    Raises:
        ToolError: if it cannot be made.
    """
    digest = hashlib.sha256(requirements).hexdigest()
    prefix = keep_in_cache(
        repository,
        f"environments/{digest[:16]}-{platform}",
        lambda fresh: _make(fresh, requirements),
        lambda kept: python_of(kept).exists(),
    )
    return python_of(prefix)


def _make(prefix: Path, requirements: bytes) -> None:
    """Make the private environment in the quickest way that works.

    Raises:
        ToolError: if none does.
    """
    sys.stderr.write("ci: installing the engine's packages\n")
    # A link to a link would lead elsewhere after an upgrade of Python.
    base = os.path.realpath(sys.executable)
    listing = prefix.with_name(f"{prefix.name}.txt")
    tried: list[str] = []
    try:
        ways = ways_to_install(prefix, base, listing, wheels_only=True)
        for name, commands in ways.items():
            listing.write_bytes(requirements)
            problem = _run_all(commands, prefix.parent, installer_variables())
            if not problem:
                return
            tried.append(f"{name}: {problem}")
            shutil.rmtree(prefix, ignore_errors=True)
    finally:
        listing.unlink(missing_ok=True)
    raise ToolError(
        "the engine's packages could not be installed\n" + "\n".join(tried),
        hint=f"check the network, or install {' '.join(NEEDED)} for {sys.executable}",
    )


def _run_all(commands: Commands, directory: Path, variables: Mapping[str, str]) -> str:
    """Run commands one after the other; return what went wrong, if anything."""
    for command in commands:
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                check=False,
                timeout=_INSTALL_SECONDS,
                env=variables,
                cwd=directory,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        if done.returncode != 0:
            text = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
            return "\n".join(text.splitlines()[-5:]) or f"exit {done.returncode}"
    return ""


def _compile(python: Path, *, unchanging: bool) -> None:
    """Compile an engine of the cache once: every later start is quicker."""
    if unchanging and not (_PACKAGE / "__pycache__").is_dir():
        options = ["-I", "-m", "compileall", "-q", "--invalidation-mode=unchecked-hash"]
        _run_all([[str(python), *options, str(_PACKAGE)]], _PACKAGE, os.environ)


def _become(command: list[str], *, cleans_up: bool) -> int:
    """Replace this process by the engine, or wait for it where something ends here."""
    # exec on Windows returns to the shell before the new process ends.
    if not (os.name == "nt" or cleans_up):
        os.execv(command[0], command)  # noqa: S606 - no shell is wanted
    process = subprocess.Popen(command)
    # The terminal sends an interrupt to both; what is sent to this one goes on.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, _: process.send_signal(number))
    code = process.wait()
    return code if code >= 0 else 128 - code


def _note(verbose: bool, text: str) -> None:
    if verbose:
        sys.stderr.write(f"{text}\n")
