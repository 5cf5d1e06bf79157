"""Start the engine in an environment that has what it needs.

Only the standard library is used here, and nothing newer than Python 3.10. In this
order: the interpreter that runs this file, the private environment of an earlier
start, uv, pixi, pipx, and a virtual environment made with pip.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NoReturn

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "requirements.txt"
OUTPUT = HERE.parent.parent / ".ci-framework"
PREFIX = OUTPUT / "engine"
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
    python = _private_python(PREFIX)
    if not _fresh():
        _make_private(verbose)
    _say(verbose, f"engine: private environment ({python})")
    _become(str(python), arguments)


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
    sys.path.insert(0, str(HERE.parent))
    from ci_engine.cli import main as run  # noqa: PLC0415 - the path comes first

    sys.exit(run())


def _identity() -> str:
    """What the private environment depends on."""
    base = f"{sys.version_info[:2]}".encode() + REQUIREMENTS.read_bytes()
    return hashlib.sha256(base).hexdigest()


def _fresh() -> bool:
    """Whether the private environment is there and has what the lock says.

    The launcher skips this file while the stamp is newer than the lock.
    """
    stamp = PREFIX / "stamp"
    try:
        fresh = stamp.read_text(encoding="utf-8") == _identity()
        if fresh and _private_python(PREFIX).exists():
            stamp.touch()
            return True
    except OSError:
        pass
    return False


def _private_python(prefix: Path) -> Path:
    if os.name == "nt":
        return prefix / "Scripts" / "python.exe"
    return prefix / "bin" / "python"


def _make_private(verbose: bool) -> None:
    """Make the private environment beside its place, then move it there."""
    try:
        OUTPUT.mkdir(exist_ok=True)
        ignore = OUTPUT / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
        temporary = Path(tempfile.mkdtemp(prefix="engine-", dir=OUTPUT))
    except OSError as error:
        _fail(f"{OUTPUT}: cannot write there: {error.strerror}", "make it writable")
    tried: list[str] = []
    for name, commands in _ways(temporary):
        _say(verbose, f"engine: making a private environment with {name}")
        problem = _run_all(commands)
        if not problem:
            (temporary / "stamp").write_text(_identity(), encoding="utf-8")
            _move(temporary)
            return
        tried.append(f"{name}: {problem}")
        shutil.rmtree(temporary, ignore_errors=True)
    _fail(
        "the engine's packages could not be installed\n" + "\n".join(tried),
        f"check the network, or install {' '.join(NEEDED)} for {sys.executable}",
    )


def _ways(prefix: Path) -> list[tuple[str, list[list[str]]]]:
    """The ways to make an environment, the quickest first."""
    python = str(_private_python(prefix))
    lock = ["--require-hashes", "--requirement", str(REQUIREMENTS)]
    make_uv = ["venv", "--quiet", "--allow-existing", "--python", sys.executable]
    fill_uv = ["pip", "install", "--quiet", "--python", python, *lock]
    ways: list[tuple[str, list[list[str]]]] = []
    starters = {
        "uv": ["uv"],
        "pixi": ["pixi", "exec", "uv"],
        "pipx": ["pipx", "run", "uv"],
    }
    for name, words in starters.items():
        if shutil.which(words[0]):
            make = [*words, *make_uv, str(prefix)]
            ways.append((name, [make, [*words, *fill_uv]]))
    pip = [python, "-I", "-m", "pip", "install", "--quiet"]
    pip += ["--disable-pip-version-check"]
    make_venv = [sys.executable, "-I", "-m", "venv", str(prefix)]
    ways.append(("venv", [make_venv, [*pip, *lock]]))
    return ways


def _run_all(commands: list[list[str]]) -> str:
    """Run commands one after the other; return what went wrong, if anything."""
    # Isolated mode is for this process only: the installers would obey these.
    foreign = ("PYTHONPATH", "PYTHONHOME")
    variables = {k: text for k, text in os.environ.items() if k not in foreign}
    for command in commands:
        try:
            done = subprocess.run(
                command, capture_output=True, check=False, timeout=600, env=variables
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        if done.returncode != 0:
            text = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
            return "\n".join(text.splitlines()[-5:]) or f"exit {done.returncode}"
    return ""


def _move(temporary: Path) -> None:
    """Put the environment in its place, unless another start was quicker."""
    if PREFIX.is_dir() and not _fresh():
        # Ours: an environment of an older lock, or of another Python.
        old = Path(tempfile.mkdtemp(prefix="engine-old-", dir=OUTPUT))
        PREFIX.rename(old / "engine")
        shutil.rmtree(old, ignore_errors=True)
    try:
        temporary.rename(PREFIX)
    except OSError:
        shutil.rmtree(temporary, ignore_errors=True)
        if not _fresh():
            raise


def _become(python: str, arguments: list[str]) -> None:
    """Replace this process by the engine."""
    command = [python, "-I", str(HERE / "__main__.py"), *arguments]
    if os.name == "nt":
        # exec on Windows returns to the shell before the new process ends.
        sys.exit(subprocess.run(command, check=False).returncode)
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted


def _say(verbose: bool, text: str) -> None:
    if verbose:
        sys.stderr.write(f"{text}\n")


def _fail(text: str, next_step: str) -> NoReturn:
    sys.stderr.write(f"ci: {text}\nnext: {next_step}\n")
    sys.exit(3)


main()
