"""How locked packages are installed, untouched by any configuration of a repository.

What is installed is a matter of the framework's own locks alone, with hashes. Where it
comes from is the user's: their index, mirror, proxy, certificates and caches stay in
force, by their variables and by the configuration files of their account. So the
installers run in the user's cache, where they find no file of the repository (uv would
look for pyproject.toml and uv.toml upward from the current directory), and without the
variables that change what is installed. uv's --no-config and pip's --isolated would do
too much: they ignore the user's mirror as well.

Only the standard library is used: the engine is installed in this way too.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ci_engine.processes.allowed_variables import installing_variables

Commands = Sequence[Sequence[str]]

# What is installed, and whereto: set for the project, or for installs by hand.
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
        # Isolated mode is for one process only: its children would obey these.
        *("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"),
    }
)
# The user may name these from the current directory; what separates several.
_PATHS = {
    "PIP_CERT": "",
    "PIP_CLIENT_CERT": "",
    "PIP_CONFIG_FILE": "",
    "PIP_FIND_LINKS": " ",
    "UV_CONFIG_FILE": "",
    "UV_FIND_LINKS": ",",
}


def installer_variables(variables: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables that installers of locked packages get."""
    allowed = installing_variables(variables)
    kept = {name: text for name, text in allowed.items() if name not in _SELECTING}
    for name, separator in _PATHS.items():
        text = kept.get(name, "")
        parts = text.split(separator) if separator else [text]
        if text:
            kept[name] = separator.join(map(_absolute, parts))
    return kept


def _absolute(location: str) -> str:
    """A path from where this process is, an address as it is."""
    # For pip the null device is no path: it reads no configuration at all then.
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
        make: makes an empty one.
        install: installs into it, followed by requirements.
    """

    make: list[str]
    install: list[str]


def uv_commands(
    prefix: Path, python: str, *options: str, uv: Sequence[str] = ("uv",)
) -> VenvCommands:
    """Make and fill a virtual environment with uv, which may choose the Python."""
    chosen = ("--python", python) if python else ()
    make = [*uv, "venv", "--quiet", *options, *chosen, str(prefix)]
    target = str(python_of(prefix))
    return VenvCommands(make, [*uv, "pip", "install", "--quiet", "--python", target])


def pip_commands(prefix: Path, interpreter: str) -> VenvCommands:
    """Make and fill a virtual environment with venv and pip."""
    pip = [str(python_of(prefix)), "-I", "-m", "pip", "install", "--quiet"]
    return VenvCommands(
        [interpreter, "-I", "-m", "venv", str(prefix)],
        [*pip, "--disable-pip-version-check"],
    )


def ways_to_install(
    prefix: Path, interpreter: str, requirements: Path, *, wheels_only: bool = False
) -> dict[str, Commands]:
    """The commands that make an environment, by installer, the quickest first."""
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
