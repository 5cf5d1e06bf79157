"""Choose the Python of an environment if none was requested."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from ci_engine.processes.child_environment import manager_variables
from ci_engine.processes.programs import find_program, run_program

_SECONDS = 60.0
_VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"


def usual_python(root: Path, matrix: Sequence[str]) -> str:
    """An installed version of the matrix; empty if the installer has to choose.

    uv itself might prefer another version, such as that of ``.python-version``, and
    download it.
    """
    if find_program("uv") is None:
        ours = f"{sys.version_info[0]}.{sys.version_info[1]}"
        return next((v for v in matrix if v == ours or find_program(f"python{v}")), "")
    preferred = _found_by_uv(root)
    if preferred in matrix:
        return preferred
    return next((v for v in matrix if _found_by_uv(root, v)), "")


def _found_by_uv(root: Path, *version: str) -> str:
    """The version of the interpreter that uv finds, empty if there is none."""
    command = ["uv", "python", "find", "--no-python-downloads", *version]
    variables = manager_variables()
    found = run_program(command, cwd=root, timeout=_SECONDS, variables=variables)
    if found.code != 0:
        return ""
    ask = [found.stdout.strip(), "-I", "-c", _VERSION]
    outcome = run_program(ask, cwd=root, timeout=_SECONDS, variables=variables)
    return outcome.stdout.strip()
