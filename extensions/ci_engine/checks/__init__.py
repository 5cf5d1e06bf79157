"""The checks of the gate.

CONTRIBUTING.md lists what a new check needs. The reference and the schemas follow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ci_engine.checks import mcp_server, own_command, types
from ci_engine.checks.context import Context
from ci_engine.checks.dependencies import audit, declared_imports, lock_check
from ci_engine.checks.hooks import check as hooks
from ci_engine.checks.lint import bandit, conflict_markers, policy, ruff
from ci_engine.checks.packaging import build, metadata, public_api
from ci_engine.checks.tests import coverage, imports, patch_coverage, pytest
from ci_engine.configuration.settings import CheckName, Settings
from ci_engine.configuration.value_types import Command
from ci_engine.environments.pixi_tasks import own_task
from ci_engine.findings.results import CheckResult
from ci_engine.project.repository import Project


@dataclass(frozen=True)
class Check:
    """One check of the gate.

    Attributes:
        run: does the work; its docstring is the documentation.
        after: the check whose files or measurements it reads, empty = none.
        fixes: whether it changes files with ``--fix``; other checks then wait for it.
        environment: whether it needs an interpreter of the project.
        isolated: whether its tool can run without an environment, if none exists yet.
        run_own: runs the project's own command for it; None = ``run`` does.
    """

    name: CheckName
    run: Callable[[Context], CheckResult]
    after: CheckName = ""
    fixes: bool = False
    environment: bool = True
    isolated: bool = False
    run_own: Callable[[Context, Command], CheckResult] | None = own_command.check


# The order in which --fix runs the checks that change files.
CHECKS: Mapping[CheckName, Check] = {
    check.name: check
    for check in (
        Check("no-conflict-markers", conflict_markers.check, environment=False),
        Check(
            "lint",
            ruff.check_lint,
            fixes=True,
            isolated=True,
            run_own=ruff.check_own_lint,
        ),
        Check("format", ruff.check_format, fixes=True, isolated=True),
        Check("typecheck", types.check),
        # The tests that the project's own command runs are counted as well.
        Check("test", pytest.check, run_own=None),
        Check("coverage", coverage.check, after="test", environment=False),
        Check("imports", imports.check),
        Check("security", bandit.check),
        Check("audit", audit.check),
        Check("hooks", hooks.check),
        Check("policy", policy.check, environment=False),
        Check("patch-coverage", patch_coverage.check, after="test", environment=False),
        Check("build", build.check),
        Check("lock", lock_check.check, environment=False),
        Check("metadata", metadata.check, after="build"),
        Check("api", public_api.check),
        Check("declared-imports", declared_imports.check),
        Check("mcp", mcp_server.check),
    )
}
DEPENDS_ON = {name: check.after for name, check in CHECKS.items() if check.after}
FIXERS = tuple(name for name, check in CHECKS.items() if check.fixes)


def needs_environment(name: CheckName, settings: Settings) -> bool:
    """Whether a check can only start when the project's environment exists."""
    own = bool(settings.command_of(name)) or name not in CHECKS
    return own or CHECKS[name].environment


def runs_isolated(name: CheckName, project: Project, settings: Settings) -> bool:
    """Whether a check can run without an environment that would have to be created."""
    own = bool(settings.command_of(name)) or own_task(project, name) is not None
    return not own and name in CHECKS and CHECKS[name].isolated


def run_check(context: Context) -> CheckResult:
    """Run the project's own command for a check, else the built-in check."""
    check, command = CHECKS.get(context.check), context.own_command
    run_own = own_command.check if check is None else check.run_own
    if command and run_own is not None:
        result = run_own(context, command)
    else:
        result = CHECKS[context.check].run(context)
    result.notes += own_command.notes_on(command) if command else []
    task = own_task(context.project, context.check)
    if task is not None and not task.trusted:
        text = f"the pixi task {task.name} always exits with 0: it was not used"
        result.notes.append(text)
    return result
