"""Run the companion on each repository of a fleet, in separate processes."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ci_engine.processes.programs import CanceledError, Outcome, run_program
from ci_engine.processes.thread_pools import thread_pool
from ci_framework.fleet.state import Action, Entry, Member, is_address
from ci_framework.temporary_files import owned_directory

_CLONE_SECONDS = 1800.0
# Test runs have their own limit; this one is for everything else that hangs.
_COMMAND_SECONDS = 6 * 3600.0
_MISSING: dict[Action, str] = {"validate": "no consent to run its code: use --static"}


@dataclass(frozen=True)
class Order:
    """The command for each repository.

    Attributes:
        agreed: whether the user agreed to every plan; otherwise a repository needs
            an earlier plan, and gets exactly that one.
    """

    action: Action
    options: Sequence[str]
    agreed: bool


class _Planned(msgspec.Struct):
    hash: str


class _Check(msgspec.Struct):
    name: str
    status: str
    reason: str


class _Proof(msgspec.Struct):
    verdict: str
    checks: list[_Check] = []


class _Report(msgspec.Struct):
    """The relevant fields in the JSON of a command: a plan, a report, a status."""

    hash: str = ""
    summary: str = ""
    # The status includes its plan, a report contains it.
    plan: _Planned | str | None = None
    validation: _Proof | None = None


def run_members(
    members: Sequence[Member],
    order: Order,
    jobs: int,
    on_end: Callable[[Member, Entry], None],
) -> None:
    """Run the command on all members, ``jobs`` at a time.

    ``on_end`` is called with each repository when it ends, one call at a time.
    """
    cancel = threading.Event()
    lock = threading.Lock()

    def work(member: Member) -> None:
        try:
            entry = _run_one(member, order, cancel)
        except CanceledError:
            return
        with lock:
            on_end(member, entry)

    with thread_pool(jobs) as pool:
        futures = [pool.submit(work, member) for member in members]
        try:
            for future in futures:
                future.result()
        except BaseException:
            # Kill running commands; their journals let the next command finish them.
            cancel.set()
            pool.shutdown(cancel_futures=True)
            raise


def _run_one(member: Member, order: Order, cancel: threading.Event) -> Entry:
    if is_address(member.source) and not Path(member.path).exists():
        problem = _clone(member, cancel)
        if problem:
            return Entry(exit_code=3, seconds=0.0, summary=problem)
    agreement = _agreement(member, order)
    if agreement is None:
        missing = _MISSING.get(
            order.action, "no plan was made for it: run `fleet plan`"
        )
        return Entry(exit_code=2, seconds=0.0, summary=f"{missing}, or give --yes")
    words = [*agreement, *order.options]
    return _command(member, order.action, words, cancel=cancel)


def _command(
    member: Member, action: Action, words: Sequence[str], *, cancel: threading.Event
) -> Entry:
    """Run one command of the companion in a separate process."""
    outcome = run_program(
        [*_companion(), action, member.path, "--json", *words],
        cwd=Path.cwd(),
        timeout=_COMMAND_SECONDS,
        cancel=cancel,
    )
    report = _report_of(outcome.stdout)
    return Entry(
        exit_code=-1 if outcome.code is None or outcome.code < 0 else outcome.code,
        seconds=round(outcome.seconds, 1),
        hash=report.hash
        or (report.plan.hash if isinstance(report.plan, _Planned) else ""),
        summary=_summary(action, outcome, report),
    )


def _companion() -> list[str]:
    """The arguments that start another companion with the same packages.

    With ``-m`` it would import from the current directory, often a repository.
    """
    start = "from ci_framework.__main__ import main; sys.exit(main())"
    return [sys.executable, "-Ic", f"import sys; sys.path[:] = {sys.path!r}; {start}"]


def _summary(action: Action, outcome: Outcome, report: _Report) -> str:
    """Summarize the result in one line."""
    if report.summary:
        return report.summary
    if report.validation is not None:
        checks = report.validation.checks
        bad = [
            f"{check.name}: {check.reason}"
            for check in checks
            if check.status in ("failed", "not-run")
        ]
        verdict = report.validation.verdict.replace("-", " ")
        return ": ".join(filter(None, [verdict, "; ".join(bad)]))
    lines = outcome.stderr.strip().splitlines()
    errors = [line for line in lines if line.startswith(f"ci-framework {action}: ")]
    return next(iter([*errors, *lines]), "") or outcome.describe_exit()


def _agreement(member: Member, order: Order) -> list[str] | None:
    if order.action in ("plan", "status", "rollback"):
        return []
    if order.agreed:
        return ["--yes"]
    if order.action == "validate":
        return [] if "--static" in order.options else None
    planned = member.entries.get("plan")
    return ["--plan", planned.hash] if planned and planned.hash else None


def _report_of(text: str) -> _Report:
    try:
        return msgspec.json.decode(text, type=_Report)
    except msgspec.DecodeError:
        return _Report()


def _git_error(outcome: Outcome) -> str:
    """The first error of git; its last lines are advice that says no cause."""
    rows = outcome.stderr.splitlines()
    errors = [row for row in rows if row.startswith(("fatal: ", "error: ", "remote: "))]
    return next(iter(errors), "") or outcome.tail(1) or outcome.describe_exit()


def _clone(member: Member, cancel: threading.Event) -> str:
    """Clone an address; return the error, if there is one."""
    path = Path(member.path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # An interrupted clone must not look like a complete one.
        with owned_directory(path.parent, ".clone-") as location:
            fresh = location / "repository"
            outcome = run_program(
                ["git", "clone", "--quiet", "--", member.source, str(fresh)],
                cwd=path.parent,
                timeout=_CLONE_SECONDS,
                # Several run in parallel, and must not ask for a password.
                variables={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
                cancel=cancel,
            )
            if outcome.code != 0:
                return f"git clone: {_git_error(outcome)}"
            fresh.rename(path)
    except OSError as error:
        return f"{path}: {error.strerror}"
    return ""
