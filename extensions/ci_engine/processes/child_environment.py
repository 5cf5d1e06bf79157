"""The environment variables of the programs that the engine runs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

# Variables that make coverage measure a process from its start: meant for the tests.
MEASURING = ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")
_DROPPED = ("PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__", *MEASURING)


def child_variables(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables that programs inherit, without those meant for the engine only."""
    kept = {name: value for name, value in os.environ.items() if name not in _DROPPED}
    kept.update(extra or {})
    return kept


def activated(prefix: Path) -> dict[str, str]:
    """The variables of an activated virtual environment."""
    variables = child_variables({"VIRTUAL_ENV": str(prefix)})
    scripts = prefix / ("Scripts" if os.name == "nt" else "bin")
    path = os.pathsep.join([str(scripts), variables.get("PATH", "")])
    return {**variables, "PATH": path}
