"""Start the engine in an environment that has the packages it needs.

The launcher calls this after it has found the engine. This module and its imports use
only the standard library, because the packages may not be installed yet.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ci_engine.environments import inside
from ci_engine.environments.installer import (
    Commands,
    installer_variables,
    python_of,
    ways_to_install,
)
from ci_engine.environments.user_cache import (
    CACHE_VARIABLE,
    cache_directory,
    cache_location,
    keep_in_cache,
)
from ci_engine.errors import ToolError
from ci_engine.escaping import log_lines, terminal_line

# The lowest versions that the engine supports; the lock has newer ones.
NEEDED = {"msgspec": (0, 20), "pyyaml": (6, 0)}
_PACKAGE = Path(__file__).resolve().parent.parent
_INSTALL_SECONDS = 600


def start(
    arguments: Sequence[str], *, repository: Path, platform: str, cleans_up: bool
) -> int:
    """Run the engine here or in its own environment, which is created if necessary.

    Args:
        arguments: the command line.
        repository: the root of the repository.
        platform: the kind of machine, part of the environment's name.
        cleans_up: whether this process removes something at its end.

    Returns:
        The exit code, unless this process has become the engine.
    """
    command = [str(_PACKAGE / "__main__.py"), f"--repository={repository}", *arguments]
    verbose = "--verbose" in arguments
    chosen = os.environ.get(CACHE_VARIABLE)
    _report_clone(repository.resolve())
    try:
        if _has_packages():
            _note(verbose, f"engine: this interpreter ({sys.executable})")
            location = cache_location(repository)
            sys.dont_write_bytecode = location is None
            sys.pycache_prefix = str(location / "bytecode") if location else None
            from ci_engine.__main__ import start as run  # noqa: PLC0415 - needs packages

            return run(command[1:])
        prefix = _private_environment(repository, platform)
        bytecode = _bytecode_option(prefix, cache_directory(repository))
    except ToolError as error:
        sys.stderr.write(log_lines(f"ci: {error}\nhint: {error.hint}\n"))
        return error.exit_code
    _note(verbose, f"engine: private environment ({python_of(prefix)})")
    # The cache is then temporary, and this process has to remove it.
    cleans_up = cleans_up or os.environ.get(CACHE_VARIABLE) != chosen
    python = str(python_of(prefix))
    return _become([python, "-I", bytecode, *command], cleans_up=cleans_up)


def _report_clone(repository: Path) -> None:
    """Report how git ignores the clone with this engine, if the project has one.

    The clone is not a part of the project, and git would list its files.
    """
    clone = _PACKAGE.parents[1]
    if clone == repository or not clone.is_relative_to(repository):
        return
    if not (clone / "copier.yml").is_file():
        return
    options = ["--others", "--exclude-standard", "--directory", "--full-name"]
    with contextlib.suppress(OSError):
        done = subprocess.run(
            [
                "git",
                "-c",
                "core.fsmonitor=false",
                "ls-files",
                *options,
                "--",
                str(clone),
            ],
            cwd=repository,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.stdout:
            name = done.stdout.splitlines()[0]
            sys.stderr.write(
                "hint: git lists this clone as untracked; ignore it: "
                f"echo '/{terminal_line(name)}' >>.git/info/exclude\n"
            )


def _has_packages() -> bool:
    """Whether this interpreter has every package in a supported version."""
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


def _private_environment(repository: Path, platform: str) -> Path:
    """The private environment, which is created if necessary.

    The launcher computes the same name, without starting Python.
    """
    listing = (_PACKAGE / "requirements.txt").read_bytes().replace(b"\r\n", b"\n")
    digest = hashlib.sha256(listing).hexdigest()
    return keep_in_cache(
        repository,
        f"environments/{digest[:16]}-{platform}",
        lambda fresh: _make(fresh, listing),
        lambda kept: python_of(kept).exists(),
    )


def _make(prefix: Path, requirements: bytes) -> None:
    """Create the private environment in the fastest way that works."""
    sys.stderr.write("ci: installing the engine's packages\n")
    # A link to a link could point elsewhere after an upgrade of Python.
    base = os.path.realpath(sys.executable)
    listing = prefix.with_name(f"{prefix.name}.txt")
    tried: list[str] = []
    try:
        ways = ways_to_install(prefix, base, listing, wheels_only=True)
        for name, commands in ways.items():
            listing.write_bytes(requirements)
            steps = [*commands, _compile(prefix, prefix / "lib")]
            problem = _run_all(steps, prefix.parent, installer_variables())
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
    """Run commands one after the other; return the error, if any."""
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


def _compile(prefix: Path, directory: Path) -> Sequence[str]:
    script = inside.DIRECTORY / "compile_all.py"
    return [str(python_of(prefix)), "-I", "-B", str(script), str(directory)]


def _bytecode_option(prefix: Path, cache: Path) -> str:
    """Where the engine's compiled modules are written: never in a repository.

    An engine in the cache is compiled once per environment, recorded in a file for
    the launcher. Other engines are compiled elsewhere, when they are imported.
    """
    directory = _PACKAGE.parent
    if not directory.is_relative_to(cache.resolve()):
        return f"-Xpycache_prefix={cache / 'bytecode'}"
    ready = directory / f"ready-{prefix.name}"
    with contextlib.suppress(OSError):
        if not ready.exists() and not _run_all(
            [_compile(prefix, _PACKAGE)], _PACKAGE, installer_variables()
        ):
            ready.touch()
    return "-B"


def _become(command: list[str], *, cleans_up: bool) -> int:
    """Replace this process by the engine, or wait for it if cleanup is necessary."""
    # exec on Windows returns to the shell before the new process ends.
    if not (os.name == "nt" or cleans_up):
        os.execv(command[0], command)  # noqa: S606 # nosec B606
    process = subprocess.Popen(command)
    # The terminal interrupts both processes; other signals are passed on.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, _: process.send_signal(number))
    code = process.wait()
    return code if code >= 0 else 128 - code


def _note(verbose: bool, text: str) -> None:
    if verbose:
        sys.stderr.write(f"{log_lines(text)}\n")
