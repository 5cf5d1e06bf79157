"""The checks of the gate, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ci_engine.checks import own_command
from ci_engine.checks.context import Context
from ci_engine.checks.dependencies import audit, declared_imports, lock_check
from ci_engine.checks.hooks import check as hooks
from ci_engine.checks.lint import bandit, conflict_markers, policy, ruff
from ci_engine.checks.packaging import build, metadata
from ci_engine.checks.tests import coverage, imports, patch_coverage, pytest
from ci_engine.checks.types import mypy, pyright
from ci_engine.configuration.settings import CheckName, Settings
from ci_engine.environments.pixi_tasks import own_task
from ci_engine.findings.results import CheckResult

__all__ = ["CHECKS", "DEPENDS_ON", "FIXERS", "needs_environment", "run_check"]


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
    "imports": imports.check,
    "security": bandit.check,
    "audit": audit.check,
    "hooks": hooks.check,
    "policy": policy.check,
    "patch-coverage": patch_coverage.check,
    "build": build.check,
    "lock": lock_check.check,
    "metadata": metadata.check,
    "declared-imports": declared_imports.check,
}

# A check that reads what another one made or measured runs after it.
DEPENDS_ON: Mapping[CheckName, CheckName] = {
    "coverage": "test",
    "patch-coverage": "test",
    "metadata": "build",
}

# With --fix these change files, in this order; the others look at the outcome.
FIXERS: tuple[CheckName, ...] = ("lint", "format")

# Checks that need no interpreter of the project.
_WITHOUT_ENVIRONMENT = frozenset(
    {"no-conflict-markers", "coverage", "patch-coverage", "policy", "lock"}
)


def needs_environment(name: CheckName, settings: Settings) -> bool:
    """Whether a check can only start when the project's environment is there."""
    return bool(settings.command_of(name)) or name not in _WITHOUT_ENVIRONMENT


def run_check(name: CheckName, context: Context) -> CheckResult:
    """Run a check the project's own way if it has one, else the framework's."""
    command = context.own_command(name)
    if not command or name == "test":
        result = CHECKS[name](context)
    elif name == "lint":
        result = ruff.add_faults(own_command.check(name, command, context), context)
    else:
        result = own_command.check(name, command, context)
    task = own_task(context.project, name)
    if task is not None and not task.trusted:
        text = f"the pixi task {task.name} ends well whatever happens: it was not used"
        result.notes.append(text)
    return result
