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

# Variables that make coverage measure a process from its start: meant for the tests.
MEASURING = ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")
# Code of the project that the engine runs must not push with it.
PUSH_TOKEN = "CI_ENGINE_PUSH_TOKEN"  # noqa: S105 # nosec B105 - the name of a variable
_DROPPED = (
    PUSH_TOKEN,
    *("PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__", *MEASURING),
    # Python would not execute the asserts of a test: each would pass.
    "PYTHONOPTIMIZE",
)
# What a manager installs and where, and whether it looks at its lock: that is ours to
# say. Some contradict our options (https://github.com/tox-dev/tox-uv/issues/327).
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
# What changes the options of a tool whose output is read.
_OPTIONS = ("RUFF_", "PIP_AUDIT_", "MYPY_FORCE_", "FORCE_COLOR", "CLICOLOR_FORCE")


def child_variables(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables that code of the project inherits: all but those of the engine.

    Programs that are not the project's get fewer: see ``allowed_variables``.
    """
    kept = {name: value for name, value in os.environ.items() if name not in _DROPPED}
    kept.update(extra or {})
    return kept


def manager_variables(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables of a package manager, which does what we request and no other."""
    kept = installing_variables(child_variables())
    return {n: v for n, v in kept.items() if n not in _STEERING} | dict(extra or {})


def own_mark(variables: Mapping[str, str] | None) -> str:
    """The mark that these variables give to a program, empty if it is only inherited.

    What else has the same mark as this process is not the program's to end.
    """
    mark = (variables or {}).get(MARK_VARIABLE, "")
    return "" if mark == os.environ.get(MARK_VARIABLE) else mark


def tool_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables of a tool whose output is read, with the caches of the user."""
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
