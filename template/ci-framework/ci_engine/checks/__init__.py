"""The checks of the gate, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ci_engine.checks import (
    conflict_markers,
    coverage,
    mypy,
    own_command,
    pyright,
    pytest,
    ruff,
)
from ci_engine.checks.context import Context
from ci_engine.results import CheckResult
from ci_engine.settings import CheckName

__all__ = ["CHECKS", "DEPENDS_ON", "FIXERS", "NEEDS_ENVIRONMENT", "run_check"]


def _check_types(context: Context) -> CheckResult:
    checkers = {"pyright": pyright.check, "mypy": mypy.check}
    return checkers[context.settings.quality.type_checker](context)


CHECKS: Mapping[CheckName, Callable[[Context], CheckResult]] = {
    "no-conflict-markers": conflict_markers.check,
    "lint": ruff.check_lint,
    "format": ruff.check_format,
    "typecheck": _check_types,
    "test": pytest.check,
    "coverage": coverage.check,
}

# A check that reads what another one measured runs after it.
DEPENDS_ON: Mapping[CheckName, CheckName] = {"coverage": "test"}

# With --fix these change files, in this order; the others look at the outcome.
FIXERS: tuple[CheckName, ...] = ("lint", "format")

# Checks that look at text need no interpreter of the project.
NEEDS_ENVIRONMENT: frozenset[CheckName] = frozenset(
    {"lint", "format", "typecheck", "test"}
)


def run_check(name: CheckName, context: Context) -> CheckResult:
    """Run a check with the project's own command for it, if there is one."""
    command = context.settings.commands.get(name)
    if command is not None and name != "test":
        return own_command.check(name, command, context)
    return CHECKS[name](context)
