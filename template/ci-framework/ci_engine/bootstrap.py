"""Start the engine in an environment that has what it needs.

Only the standard library is used here, and nothing newer than Python 3.10. In this
order: the interpreter that runs this file, the environment in the user's cache, uv,
pixi, pipx, and a virtual environment made with pip. Nothing is taken from the
repository but the engine itself.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NoReturn

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from ci_engine.errors import ToolError  # noqa: E402 - the path comes first
from ci_engine.installing import (  # noqa: E402
    Commands,
    installer_variables,
    python_of,
    ways_to_install,
)
from ci_engine.user_cache import CACHE_VARIABLE, keep_in_cache  # noqa: E402

REPOSITORY = HERE.parent.parent
REQUIREMENTS = HERE / "requirements.txt"
# The lowest versions the engine works with; the lock file has newer ones.
NEEDED = {"msgspec": (0, 20), "pyyaml": (6, 0), "rich": (14, 0)}


def main() -> None:
    """Find or make an environment, then become the engine in it."""
    arguments = sys.argv[1:]
    verbose = "--verbose" in arguments
    if _good_enough():
        _say(verbose, f"engine: this interpreter ({sys.executable})")
        _run_here()
        return
    before = os.environ.get(CACHE_VARIABLE)
    try:
        python = _private_python(verbose)
    except ToolError as error:
        _fail(str(error), error.next_step)
    _say(verbose, f"engine: private environment ({python})")
    # It is set where nothing can be kept: then this process has to clean up.
    _become(str(python), arguments, ends=os.environ.get(CACHE_VARIABLE) != before)


def _good_enough() -> bool:
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


def _run_here() -> None:
    from ci_engine.cli import main as run  # noqa: PLC0415 - it needs the packages

    sys.exit(run())


def _private_python(verbose: bool) -> Path:
    """The interpreter of the private environment, which is made if need be.

    Raises:
        ToolError: if it cannot be made.
    """
    build = f"{sys.version}\n{sysconfig.get_platform()}\n{sys.base_prefix}\n"
    identity = hashlib.sha256(build.encode() + REQUIREMENTS.read_bytes()).hexdigest()
    prefix = keep_in_cache(
        REPOSITORY,
        f"engine/{identity[:24]}",
        lambda fresh: _make_private(fresh, verbose),
        lambda kept: python_of(kept).exists(),
    )
    return python_of(prefix)


def _make_private(prefix: Path, verbose: bool) -> None:
    """Make the private environment in the quickest way that works.

    Raises:
        ToolError: if none does.
    """
    tried: list[str] = []
    for name, commands in ways_to_install(prefix, sys.executable, REQUIREMENTS).items():
        _say(verbose, f"engine: making a private environment with {name}")
        problem = _run_all(commands, prefix.parent)
        if not problem:
            return
        tried.append(f"{name}: {problem}")
        shutil.rmtree(prefix, ignore_errors=True)
    needed = " ".join(NEEDED)
    raise ToolError(
        "the engine's packages could not be installed\n" + "\n".join(tried),
        next_step=f"check the network, or install {needed} for {sys.executable}",
    )


def _run_all(commands: Commands, directory: Path) -> str:
    """Run commands one after the other; return what went wrong, if anything."""
    for command in commands:
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                check=False,
                timeout=600,
                env=installer_variables(),
                cwd=directory,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        if done.returncode != 0:
            text = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
            return "\n".join(text.splitlines()[-5:]) or f"exit {done.returncode}"
    return ""


def _become(python: str, arguments: list[str], *, ends: bool) -> None:
    """Replace this process by the engine, or wait for it where something ends here."""
    command = [python, "-I", str(HERE / "__main__.py"), *arguments]
    # exec on Windows returns to the shell before the new process ends.
    if os.name == "nt" or ends:
        process = subprocess.Popen(command)
        # The terminal sends an interrupt to both; what is sent to this one goes on.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda number, _: process.send_signal(number))
        code = process.wait()
        sys.exit(code if code >= 0 else 128 - code)
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted


def _say(verbose: bool, text: str) -> None:
    if verbose:
        sys.stderr.write(f"{text}\n")


def _fail(text: str, next_step: str) -> NoReturn:
    sys.stderr.write(f"ci: {text}\nnext: {next_step}\n")
    sys.exit(3)


main()
