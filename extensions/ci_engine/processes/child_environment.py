"""The environment variables of the programs that the engine runs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ci_engine.processes.allowed_variables import (
    installing_variables,
    plain_variables,
)
from ci_engine.processes.leftovers import MARK_VARIABLE

# Variables that make coverage measure a process from its start; meant for tests.
MEASURING = ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")
# Code of the project that the engine runs must not push with this token.
PUSH_TOKEN = "CI_ENGINE_PUSH_TOKEN"  # noqa: S105 # nosec B105 - the name of a variable
_DROPPED = (
    PUSH_TOKEN,
    *("PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__", *MEASURING),
    # Python would then skip the assert statements of tests: each test would pass.
    "PYTHONOPTIMIZE",
)
# The engine decides what a manager installs and where, and whether it checks its lock.
# Some of these contradict our options (https://github.com/tox-dev/tox-uv/issues/327).
_STEERING = frozenset(
    {
        *("UV_FROZEN", "UV_LOCKED", "UV_NO_SYNC", "UV_DRY_RUN", "UV_ISOLATED"),
        *("UV_NO_DEV", "UV_NO_DEFAULT_GROUPS", "UV_NO_GROUP", "UV_NO_EDITABLE"),
        *("UV_PROJECT", "UV_WORKING_DIR", "UV_WORKING_DIRECTORY", "UV_SYSTEM_PYTHON"),
        *("PIP_DRY_RUN", "PIP_NO_DEPS", "PIP_PREFIX", "PIP_PYTHON", "PIP_ROOT"),
        *("PIP_TARGET", "PIP_USER", "PIP_REQUIREMENT", "PIP_EDITABLE"),
        *("PIXI_FROZEN", "PIXI_LOCKED", "PIXI_NO_INSTALL"),
    }
)
# Variables that change the options of a tool whose output is parsed.
_OPTIONS = ("RUFF_", "PIP_AUDIT_", "MYPY_FORCE_", "FORCE_COLOR", "CLICOLOR_FORCE")


def child_variables(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables for code of the project: all but those of the engine.

    Other programs get fewer variables: see ``allowed_variables``.
    """
    kept = {name: value for name, value in os.environ.items() if name not in _DROPPED}
    kept.update(extra or {})
    return kept


def manager_variables(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables for a package manager, without those that change our options."""
    kept = installing_variables(child_variables())
    return {n: v for n, v in kept.items() if n not in _STEERING} | dict(extra or {})


def own_mark(variables: Mapping[str, str] | None) -> str:
    """The mark of a program in these variables, empty if it is only inherited.

    Other processes with this process's mark do not belong to the program.
    """
    mark = (variables or {}).get(MARK_VARIABLE, "")
    return "" if mark == os.environ.get(MARK_VARIABLE) else mark


def tool_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables for a tool whose output is parsed, with the user's caches."""
    return {
        name: text
        for name, text in plain_variables(variables).items()
        if not name.startswith(_OPTIONS) or name.endswith("_CACHE_DIR")
    }


def activated(prefix: Path) -> dict[str, str]:
    """The variables of an activated virtual environment."""
    variables = child_variables({"VIRTUAL_ENV": str(prefix)})
    scripts = prefix / ("Scripts" if os.name == "nt" else "bin")
    path = os.pathsep.join([str(scripts), variables.get("PATH", "")])
    return {**variables, "PATH": path}
