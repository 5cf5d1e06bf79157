"""Hold the lock of the project's manager against what the project asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ci_engine.checks.context import (
    Context,
    Tool,
    failed_or_passed,
    not_run,
    skipped,
    timed_out,
)
from ci_engine.findings.results import CheckResult, Finding
from ci_engine.processes.child_environment import child_variables
from ci_engine.processes.network_failures import network_failure
from ci_engine.processes.programs import Outcome, find_program, run_program
from ci_engine.project.repository import Manager

__all__ = ["check"]

_CODES = (1, 2)
_STALE, _BROKEN, _OTHER = "stale-lock", "unreadable-lock", "poetry-check"
_UV_STALE = re.compile(r"needs to be updated|No solution found")
_UV_BROKEN = "Failed to parse `uv.lock`"
# "lock-file not up-to-date with the project", in the words of several versions.
_PIXI_STALE = re.compile(r"lock[- ]?file not up-to-date", re.IGNORECASE)
_POETRY_STALE = "pyproject.toml changed significantly"
_PLACE = re.compile(r"at line (\d+), column \d+")


@dataclass(frozen=True)
class _Lock:
    """How one manager keeps its lock.

    Attributes:
        name: the file.
        check: the words that check it, without changing or installing anything.
        make: the command that makes it or brings it up to date.
        fault: the rule that is broken, by the output of a check that failed; empty
            if the check itself did not work.
    """

    name: str
    check: Sequence[str]
    make: str
    fault: Callable[[Outcome], str]


def _uv_fault(outcome: Outcome) -> str:
    # 1: the lock does not fit; 2: uv could not look, unless the lock is what broke.
    if outcome.code == 1 and _UV_STALE.search(outcome.stderr):
        return _STALE
    return _BROKEN if _UV_BROKEN in outcome.stderr else ""


def _pixi_fault(outcome: Outcome) -> str:
    return _STALE if _PIXI_STALE.search(outcome.stderr + outcome.stdout) else ""


def _poetry_fault(outcome: Outcome) -> str:
    said = outcome.stderr + outcome.stdout
    if _POETRY_STALE in said:
        return _STALE
    if outcome.code == 1 and _PLACE.search(said):
        return _BROKEN
    # The lock fits, but poetry refuses something else in pyproject.toml.
    return _OTHER if outcome.code == 1 and "Error: " in said else ""


_LOCKS: dict[Manager, _Lock] = {
    "uv": _Lock("uv.lock", ("uv", "lock", "--check"), "uv lock", _uv_fault),
    # Unlike `pixi lock --check`, this neither solves nor writes anything.
    "pixi": _Lock(
        "pixi.lock",
        ("pixi", "list", "--locked", "--no-install"),
        "pixi lock",
        _pixi_fault,
    ),
    "poetry": _Lock(
        "poetry.lock", ("poetry", "check", "--lock"), "poetry lock", _poetry_fault
    ),
}


def check(context: Context) -> CheckResult:
    """Ask the manager whether its lock is there and up to date."""
    manager = context.project.manager
    lock = _LOCKS.get(manager)
    if lock is None:
        return skipped("lock", f"{manager} keeps no lock")
    path = context.project.root / lock.name
    git = context.project.git
    ignored = ("check-ignore", "--quiet", "--", lock.name)
    if git is not None and git.run(*ignored).code == 0:
        # Here and in a fresh checkout alike: there the file is never present.
        return skipped("lock", f"{lock.name} is ignored by git on purpose")
    if not path.is_file():
        return _missing(lock)
    if find_program(manager) is None:
        return not_run("lock", f"{manager} is not installed")
    outcome = run_program(
        lock.check,
        cwd=context.project.root,
        timeout=context.timeout("lock"),
        variables=_variables(),
        cancel=context.cancel,
    )
    result = _judge(lock, outcome)
    tracked = ("ls-files", "--error-unmatch", "--", lock.name)
    if git is not None and git.run(*tracked).code != 0:
        result.notes.append(f"{lock.name} is not in git yet: add it")
    return result


def _variables() -> dict[str, str]:
    """Ours, without those that tell uv or pixi not to look at the lock."""
    blind = ("UV_FROZEN", "UV_LOCKED", "PIXI_FROZEN", "PIXI_LOCKED")
    kept = {k: v for k, v in child_variables().items() if k not in blind}
    return {**kept, "NO_COLOR": "1"}


def _missing(lock: _Lock) -> CheckResult:
    message = f"there is no {lock.name}: make it with `{lock.make}` and commit it"
    finding = Finding(
        tool="ci-framework",
        rule="no-lock",
        message=message,
        path="pyproject.toml",
        line=1,
    )
    tool = Tool("ci-framework", "", (), {}, "")
    outcome = Outcome((), 1, "", "", 0.0)
    return failed_or_passed("lock", tool, outcome, [finding])


def _judge(lock: _Lock, outcome: Outcome) -> CheckResult:
    name = lock.check[0]
    if outcome.timed_out:
        return timed_out("lock", outcome)
    if outcome.code == 0:
        return CheckResult(id="lock", tool=name, environment="the project's manager")
    offline = network_failure(outcome)
    if offline:
        return not_run("lock", f"{name} needs the network: {offline}", outcome)
    rule = lock.fault(outcome)
    if not rule:
        reason = f"{name} could not check {lock.name}: {outcome.describe_exit()}"
        return not_run("lock", reason, outcome)
    said = " ".join(outcome.tail(6).split())
    location = _PLACE.search(said)
    fix = f"run `{lock.make}` and commit {lock.name}: " if rule != _OTHER else ""
    finding = Finding(
        tool=name,
        rule=rule,
        message=f"{fix}{said}",
        path="pyproject.toml" if rule == _OTHER else lock.name,
        line=int(location.group(1)) if location else 1,
    )
    tool = Tool(name, "", (), {}, "the project's manager")
    return failed_or_passed("lock", tool, outcome, [finding], _CODES)
