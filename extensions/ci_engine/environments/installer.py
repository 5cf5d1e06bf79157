"""Install locked packages without using any configuration of a repository.

Only the framework's own locks, with hashes, decide what is installed. The user decides
where it comes from: index, mirror, proxy, certificates and caches in the variables and
the configuration files of the account apply. So installers run in the user's cache,
where they find no files of the repository (uv searches parent directories for
pyproject.toml and uv.toml), and without the variables that change what is installed.
uv's --no-config and pip's --isolated would go too far: they ignore the user's mirror.
too much: they ignore the user's mirror as well.

Only the standard library is used: the engine itself is installed this way, too.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ci_engine.processes.allowed_variables import installing_variables

Commands = Sequence[Sequence[str]]

# Variables that control what is installed and where: for projects or manual installs.
_SELECTING = frozenset(
    {
        *("PIP_BUILD_CONSTRAINT", "PIP_CONSTRAINT", "PIP_DRY_RUN", "PIP_EDITABLE"),
        *("PIP_NO_BINARY", "PIP_ONLY_BINARY", "PIP_PREFIX", "PIP_PRE", "PIP_PYTHON"),
        *("PIP_REQUIREMENT", "PIP_ROOT", "PIP_TARGET", "PIP_USER"),
        *("UV_BUILD_CONSTRAINT", "UV_CONSTRAINT", "UV_EXCLUDE", "UV_EXCLUDE_NEWER"),
        *("UV_EXCLUDE_NEWER_PACKAGE", "UV_NO_BINARY", "UV_NO_BINARY_PACKAGE"),
        *("UV_NO_VERIFY_HASHES", "UV_OVERRIDE", "UV_PRERELEASE", "UV_PROJECT"),
        *("UV_PROJECT_ENVIRONMENT", "UV_PYTHON", "UV_RESOLUTION", "UV_SYSTEM_PYTHON"),
        *("UV_TORCH_BACKEND", "UV_WORKING_DIR", "UV_WORKING_DIRECTORY"),
        # Isolated mode affects only one process: its children would use these.
        *("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"),
    }
)
# These may contain relative paths; the value is the separator of several.
_PATHS = {
    "PIP_CERT": "",
    "PIP_CLIENT_CERT": "",
    "PIP_CONFIG_FILE": "",
    "PIP_FIND_LINKS": " ",
    "UV_CONFIG_FILE": "",
    "UV_FIND_LINKS": ",",
}


def installer_variables(variables: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment variables for installers of locked packages."""
    allowed = installing_variables(variables)
    kept = {name: text for name, text in allowed.items() if name not in _SELECTING}
    for name, separator in _PATHS.items():
        text = kept.get(name, "")
        parts = text.split(separator) if separator else [text]
        if text:
            kept[name] = separator.join(map(_absolute, parts))
    return kept


def _absolute(location: str) -> str:
    """Make a path absolute, and keep an address as it is."""
    # pip treats the null device specially: it then reads no configuration.
    if not location or "://" in location or location == os.devnull:
        return location
    return str(Path(location).expanduser().absolute())


def python_of(prefix: Path) -> Path:
    """The interpreter of a virtual environment."""
    names = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return prefix.joinpath(*names)


class VenvCommands(NamedTuple):
    """The commands for a virtual environment.

    Attributes:
        make: creates an empty one.
        install: installs into it; requirements are appended.
    """

    make: list[str]
    install: list[str]


def uv_commands(
    prefix: Path, python: str, *options: str, uv: Sequence[str] = ("uv",)
) -> VenvCommands:
    """Create and fill a virtual environment with uv, which may choose the Python."""
    chosen = ("--python", python) if python else ()
    make = [*uv, "venv", "--quiet", *options, *chosen, str(prefix)]
    target = str(python_of(prefix))
    return VenvCommands(make, [*uv, "pip", "install", "--quiet", "--python", target])


def pip_commands(prefix: Path, interpreter: str) -> VenvCommands:
    """Create and fill a virtual environment with venv and pip."""
    pip = [str(python_of(prefix)), "-I", "-m", "pip", "install", "--quiet"]
    return VenvCommands(
        [interpreter, "-I", "-m", "venv", str(prefix)],
        [*pip, "--disable-pip-version-check"],
    )


def ways_to_install(
    prefix: Path, interpreter: str, requirements: Path, *, wheels_only: bool = False
) -> dict[str, Commands]:
    """The commands to create an environment, by installer, the fastest first."""
    lock = ["--no-deps", "--require-hashes", "--requirement", str(requirements)]
    lock += ["--only-binary", ":all:"] if wheels_only else []
    starters = {
        "uv": ["uv"],
        "pixi": ["pixi", "exec", "uv"],
        "pipx": ["pipx", "run", "uv"],
    }
    ways = {
        name: uv_commands(prefix, interpreter, "--allow-existing", uv=start)
        for name, start in starters.items()
        if shutil.which(start[0])
    }
    ways["venv"] = pip_commands(prefix, interpreter)
    return {name: (way.make, [*way.install, *lock]) for name, way in ways.items()}
