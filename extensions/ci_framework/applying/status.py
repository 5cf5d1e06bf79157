"""The state of an adoption, for people and programs."""

from __future__ import annotations

from typing import Literal

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ci_framework.applying.files import content_of
from ci_framework.applying.journal import home, read_journal
from ci_framework.applying.lock import is_locked
from ci_framework.applying.records import (
    Journal,
    Manual,
    Phase,
    ValidationRecord,
    current_head,
)
from ci_framework.repository import Repository


class _Record(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """A record of the status: kebab-case keys in JSON."""


class Drift(_Record, frozen=True):
    """A file of the adoption that has changed since.

    Attributes:
        state: the change; back means that a file removed by the plan exists again.
    """

    path: str
    state: Literal["changed", "removed", "back"]
    committed: bool


class Status(_Record, frozen=True):
    """The state of an adoption.

    Attributes:
        done: whether it is applied and its validation was green.
        template: the rendered template, as ``source@commit``.
        reachable: whether the commit is part of the checked-out history.
        later_commits: how many commits follow it there; 0 if it is not part of it.
        next_command: the next command to run, empty if there is none.
    """

    phase: Phase | Literal["none"]
    interrupted: bool = False
    running: bool = False
    done: bool = False
    branch: str = ""
    commit: str = ""
    base: str = ""
    original_branch: str = ""
    plan: str = ""
    template: str = ""
    checked_out: str = ""
    reachable: bool = False
    later_commits: int = 0
    drift: list[Drift] = []
    manual: list[Manual] = []
    validation: ValidationRecord | None = None
    next_command: str = ""
    schema: Literal[1] = 1


def status(repository: Repository) -> Status:
    """Inspect the journal, the branch and the files; changes nothing."""
    journal = read_journal(repository)
    head = current_head(repository)
    checked_out = head.name
    if journal is None:
        return Status(
            phase="none", checked_out=checked_out, next_command="ci-framework plan"
        )
    running = journal.interrupted and is_locked(home(repository))
    ancestry = repository.try_git(
        "merge-base", "--is-ancestor", journal.commit, head.commit or "HEAD"
    )
    reachable = ancestry.returncode == 0
    count = f"{journal.commit}..{head.commit}"
    later = repository.line("rev-list", "--count", count) if reachable else "0"
    return Status(
        phase=journal.phase,
        interrupted=journal.interrupted and not running,
        running=running,
        done=journal.phase == "validated",
        branch=journal.branch,
        commit=journal.commit,
        base=journal.base,
        original_branch=journal.original_branch,
        plan=journal.plan,
        template=f"{journal.template.source}@{journal.template.commit}",
        checked_out=checked_out,
        reachable=reachable,
        later_commits=int(later or "0"),
        drift=_drift(repository, journal) if journal.in_force else [],
        manual=journal.manual,
        validation=journal.validation,
        next_command=_next_command(repository, journal, running=running),
    )


def _next_command(repository: Repository, journal: Journal, *, running: bool) -> str:
    if running:
        return ""
    if journal.interrupted:
        return "ci-framework resume"
    if journal.phase == "applied":
        return "ci-framework validate"
    if journal.phase == "validated":
        remotes = repository.line("remote").split()
        if not remotes:
            return (
                f"git switch {journal.original_branch or 'BRANCH'} && git merge "
                f"{journal.branch}"
            )
        remote = "origin" if "origin" in remotes else remotes[0]
        return f"git push --set-upstream {remote} {journal.branch}"
    return "ci-framework plan"


def _drift(repository: Repository, journal: Journal) -> list[Drift]:
    """Compare each file of the adoption with the written content.

    Line ends that git itself converts do not count: unless the content is equal,
    the object must be, and git must see no change.
    """
    index = repository.entries()
    changed = {*repository.changed_files()}
    found: list[Drift] = []
    for step in journal.adoption.steps:
        content = content_of(repository.root / step.path)
        wanted = step.after
        entry = index.get(step.path)
        if wanted is None:
            if content:
                committed = entry is not None and step.path not in changed
                found.append(Drift(path=step.path, state="back", committed=committed))
            continue
        dirty = step.path in changed
        if not dirty and entry == wanted.entry:
            continue
        state: Literal["changed", "removed"] = "changed" if content else "removed"
        found.append(Drift(path=step.path, state=state, committed=not dirty))
    return found


def print_status(result: Status, console: Console) -> None:
    """Print a status as a table."""
    if result.phase == "none":
        console.print("No adoption was applied in this repository.")
    else:
        console.print(_table(result))
        for item in result.drift:
            where = "committed" if item.committed else "not committed"
            console.print(f"  {item.state}: {escape(item.path)} ({where})")
        for task in result.manual:
            console.print(
                f"  to do by hand: {escape(task.path)}: {escape(task.reason)}"
            )
    if result.next_command:
        console.print(f"Next: {escape(result.next_command)}")


def _table(result: Status) -> Table:
    table = Table(show_header=False, box=None)
    phase: str = result.phase
    if result.running:
        phase += ", running"
    elif result.interrupted:
        phase += ", interrupted"
    validation = "not validated yet"
    if result.validation is not None:
        validation = f"{result.validation.verdict}: {result.validation.summary}"
    followed = f"{result.later_commits} later commits"
    if not result.reachable:
        followed = "not part of what is checked out"
    rows = {
        "phase": phase,
        "branch": result.branch,
        "commit": f"{result.commit[:12]} on {result.base[:12]}, {followed}",
        "from": result.original_branch or "a detached HEAD",
        "checked out": result.checked_out or "a detached HEAD",
        "template": result.template,
        "validation": validation,
        "changed since": f"{len(result.drift)} files",
        "to do by hand": f"{len(result.manual)} things",
    }
    for name, value in rows.items():
        table.add_row(name, escape(value))
    return table
