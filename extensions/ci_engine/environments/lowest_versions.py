"""Resolve the lowest versions that the project's own dependencies allow.

The tools in its groups keep the newest compatible versions: their age does not matter
for the project.
"""

from __future__ import annotations

import re
from pathlib import Path

from ci_engine.environments.virtual_environments import Installer
from ci_engine.errors import ToolError
from ci_engine.processes.programs import find_program
from ci_engine.project.output_files import write_text

_FILES = ("pyproject.toml", "setup.py", "setup.cfg")
# The comment of uv after a package that the project itself requires.
_DIRECT = re.compile(
    r"# via (?:.*, )?(?:\S+ )?\((?:pyproject\.toml|setup\.(?:py|cfg))\)"
)


def lowest_constraints(
    installer: Installer, prefix: Path, python: str, extra: str
) -> list[str]:
    """Installer arguments that pin direct dependencies to their lowest versions.

    Args:
        installer: runs uv in the repository.
        prefix: the environment; the constraints are written beside it.
        python: the version to resolve for, empty = uv's choice.
        extra: an extra of the project to include, empty = none.

    Raises:
        ToolError: if uv is missing, or the versions conflict.
    """
    if find_program("uv") is None:
        raise ToolError(
            "only uv can resolve the lowest versions of dependencies",
            hint="install uv",
        )
    source = next((name for name in _FILES if (installer.root / name).is_file()), "")
    if not source:
        return []
    command = ["uv", "pip", "compile", "--quiet", "--resolution", "lowest-direct"]
    command += ["--no-header", "--annotation-style", "line"]
    command += ["--python", python] if python else []
    command += ["--extra", extra] if extra else []
    what = "the lowest versions of the dependencies could not be resolved"
    found = installer.run(what, [*command, source]).stdout.splitlines()
    pins = [line.partition("#")[0].strip() for line in found if _DIRECT.search(line)]
    path = prefix.with_name(f"{prefix.name}.txt")
    write_text(path, "".join(f"{pin}\n" for pin in pins))
    return ["--constraint", str(path)]
