"""Run the companion on each repository of a fleet, in processes of their own."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ci_engine.run import CancelledError, run_program
from ci_framework.fleet.state import Action, Entry, Member, is_address

__all__ = ["Order", "run_members"]

_CLONE_SECONDS = 1800.0
# Each run of the tests has its own limit; this one is for what hangs all the same.
_COMMAND_SECONDS = 6 * 3600.0


@dataclass(frozen=True)
class Order:
    """What is done to each repository.

    Attributes:
        action: the command.
        options: its options.
        agreed: whether the user agreed to every plan; otherwise a repository needs
            a plan that was made before, and gets exactly that one.
    """

    action: Action
    options: Sequence[str]
    agreed: bool


class _Told(msgspec.Struct, rename="kebab"):
    """What we read of the JSON that a command prints."""

    hash: str = ""
    summary: str = ""


def run_members(
    members: Sequence[Member],
    order: Order,
    jobs: int,
    on_end: Callable[[Member, Entry], None],
) -> None:
    """Run the command on all members, ``jobs`` at a time.

    Args:
        members: the repositories.
        order: what to do.
        jobs: how many at a time.
        on_end: called with each repository as it ends, one call at a time.
    """
    cancel = threading.Event()
    lock = threading.Lock()

    def work(member: Member) -> None:
        try:
            entry = _run_one(member, order, cancel)
        except CancelledError:
            return
        with lock:
            on_end(member, entry)

    with ThreadPoolExecutor(max_workers=jobs) as pool:
        futures = [pool.submit(work, member) for member in members]
        try:
            for future in futures:
                future.result()
        except BaseException:
            # What runs is killed; its journal lets the next command finish it.
            cancel.set()
            pool.shutdown(cancel_futures=True)
            raise


def _run_one(member: Member, order: Order, cancel: threading.Event) -> Entry:
    path = Path(member.path)
    if is_address(member.source) and not (path / ".git").exists():
        problem = _clone(member, cancel)
        if problem:
            return Entry(exit_code=3, seconds=0.0, summary=problem)
    agreement = _agreement(member, order)
    if agreement is None:
        missing = "no plan was made for it: run `fleet plan` first, or give --yes"
        return Entry(exit_code=2, seconds=0.0, summary=missing)
    outcome = run_program(
        [
            *(sys.executable, "-m", "ci_framework", order.action, member.path),
            *("--json", *agreement, *order.options),
        ],
        cwd=Path.cwd(),
        timeout=_COMMAND_SECONDS,
        cancel=cancel,
    )
    told = _told(outcome.stdout)
    summary = told.summary or outcome.stderr.strip().partition("\n")[0]
    return Entry(
        exit_code=-1 if outcome.code is None else outcome.code,
        seconds=round(outcome.seconds, 1),
        hash=told.hash,
        summary=summary or outcome.ending(),
    )


def _agreement(member: Member, order: Order) -> list[str] | None:
    if order.action in ("plan", "status", "rollback"):
        return []
    if order.agreed:
        return ["--yes"]
    if order.action == "validate":
        return None if "--static" not in order.options else []
    planned = member.entries.get("plan")
    return ["--plan", planned.hash] if planned and planned.hash else None


def _told(text: str) -> _Told:
    try:
        return msgspec.json.decode(text, type=_Told)
    except msgspec.DecodeError:
        return _Told()


def _clone(member: Member, cancel: threading.Event) -> str:
    """Clone an address; return what went wrong, if anything did."""
    path = Path(member.path)
    path.parent.mkdir(parents=True, exist_ok=True)
    outcome = run_program(
        ["git", "clone", "--quiet", "--", member.source, member.path],
        cwd=path.parent,
        timeout=_CLONE_SECONDS,
        cancel=cancel,
    )
    return "" if outcome.code == 0 else f"git clone: {outcome.tail(1)}"


def without_superseded(
    entries: Mapping[Action, Entry], action: Action
) -> dict[Action, Entry]:
    """Forget what an action undoes: after a roll-back nothing counts as applied."""
    undone: dict[Action, tuple[Action, ...]] = {
        "rollback": ("apply", "adopt", "validate"),
        "apply": ("rollback", "validate"),
        "adopt": ("rollback",),
    }
    gone = undone.get(action, ())
    return {name: entry for name, entry in entries.items() if name not in gone}
