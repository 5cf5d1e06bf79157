"""Check that the lock file of the project's manager is current."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ci_engine.checks.context import Context
from ci_engine.checks.outcomes import (
    from_findings,
    not_run,
    refuse_offline,
    skipped,
    timed_out,
)
from ci_engine.checks.workspace import Tool
from ci_engine.findings.results import CheckResult, Finding
from ci_engine.processes.child_environment import manager_variables
from ci_engine.processes.programs import Outcome, find_program
from ci_engine.project.repository import Manager

_CODES = (1, 2)
_STALE, _BROKEN, _OTHER = "stale-lock", "unreadable-lock", "poetry-check"
_UV_STALE = re.compile(r"needs to be updated|No solution found")
_UV_BROKEN = "Failed to parse `uv.lock`"
# poetry's "lock-file not up-to-date with the project", in its different spellings.
_PIXI_STALE = re.compile(r"lock[- ]?file not up-to-date", re.IGNORECASE)
_POETRY_STALE = "pyproject.toml changed significantly"
_LOCATION = re.compile(r"at line (\d+), column \d+")


@dataclass(frozen=True)
class _Lock:
    """How to check the lock of one manager.

    Attributes:
        name: the lock file.
        check: the argument list of a check that changes and installs nothing.
        make: the command that creates or updates it.
        issue: returns the rule that is broken, from the output of a failed check; empty
            if the check itself could not run.
    """

    name: str
    check: Sequence[str]
    make: str
    issue: Callable[[Outcome], str]


def _uv_issue(outcome: Outcome) -> str:
    # 1: the lock is outdated; 2: uv could not check, or the lock itself is broken.
    if outcome.code == 1 and _UV_STALE.search(outcome.stderr):
        return _STALE
    return _BROKEN if _UV_BROKEN in outcome.stderr else ""


def _pixi_issue(outcome: Outcome) -> str:
    return _STALE if _PIXI_STALE.search(outcome.stderr + outcome.stdout) else ""


def _poetry_issue(outcome: Outcome) -> str:
    text = outcome.stderr + outcome.stdout
    if _POETRY_STALE in text:
        return _STALE
    if outcome.code == 1 and _LOCATION.search(text):
        return _BROKEN
    # The lock is current, but poetry rejects something else in pyproject.toml.
    return _OTHER if outcome.code == 1 and "Error: " in text else ""


_LOCKS: dict[Manager, _Lock] = {
    "uv": _Lock("uv.lock", ("uv", "lock", "--check"), "uv lock", _uv_issue),
    # Unlike `pixi lock --check`, this neither solves nor writes anything.
    "pixi": _Lock(
        "pixi.lock",
        ("pixi", "list", "--locked", "--no-install"),
        "pixi lock",
        _pixi_issue,
    ),
    "poetry": _Lock(
        "poetry.lock", ("poetry", "check", "--lock"), "poetry lock", _poetry_issue
    ),
}


def check(context: Context) -> CheckResult:
    """Check that the lock file exists and is current."""
    manager = context.project.manager
    lock = _LOCKS.get(manager)
    if lock is None:
        return skipped(f"{manager} has no lock file")
    path = context.project.root / lock.name
    git = context.project.git
    ignored = ("check-ignore", "--quiet", "--", lock.name)
    if git is not None and git.run(*ignored).code == 0:
        # An ignored lock counts as missing, because fresh checkouts do not have it.
        return skipped(f"{lock.name} is ignored by git on purpose")
    if not path.is_file():
        return _missing(lock)
    if find_program(manager) is None:
        return not_run(f"{manager} is not installed")
    variables = manager_variables({"NO_COLOR": "1"})
    outcome = context.run(Tool(manager, "", tuple(lock.check), variables), ())
    result = _judge(lock, outcome)
    tracked = ("ls-files", "--error-unmatch", "--", lock.name)
    if git is not None and git.run(*tracked).code != 0:
        result.notes.append(f"{lock.name} is not in git yet: add it")
    return result


def _missing(lock: _Lock) -> CheckResult:
    message = f"there is no {lock.name}: create it with `{lock.make}` and commit it"
    finding = Finding(
        tool="ci-framework",
        rule="no-lock",
        message=message,
        path="pyproject.toml",
        line=1,
    )
    return from_findings([finding], "ci-framework")


def _judge(lock: _Lock, outcome: Outcome) -> CheckResult:
    name = lock.check[0]
    if outcome.timed_out:
        return timed_out(outcome)
    if outcome.code == 0:
        return from_findings([], name, "the project's manager")
    refuse_offline(name, outcome)
    rule = lock.issue(outcome) if outcome.code in _CODES else ""
    if not rule:
        reason = f"{name} could not check {lock.name}: {outcome.describe_exit()}"
        return not_run(reason, outcome)
    text = " ".join(outcome.tail(6).split())
    location = _LOCATION.search(text)
    fix = f"run `{lock.make}` and commit {lock.name}: " if rule != _OTHER else ""
    finding = Finding(
        tool=name,
        rule=rule,
        message=f"{fix}{text}",
        path="pyproject.toml" if rule == _OTHER else lock.name,
        line=int(location.group(1)) if location else 1,
    )
    return from_findings([finding], name, "the project's manager")
