"""``ci-framework fleet``: one command over many repositories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table
from rich.text import Text

from ci_engine.errors import ToolError, UsageError
from ci_framework.fleet.run import Order, run_members
from ci_framework.fleet.state import (
    Action,
    Entry,
    Member,
    read_members,
    read_state,
    record,
    write_state,
)
from ci_framework.reporting.screen import make_console, print_json, printable

__all__ = ["FleetRequest", "run_fleet"]

# These only look, so they are run every time.
_LOOKS: tuple[Action, ...] = ("plan", "status")
_WORDS = {0: "done", 1: "failed", 2: "refused", 3: "failed", -1: "killed"}
_PROVES: tuple[Action, ...] = ("adopt", "validate")
_STYLES = {0: "green", 1: "bold red", 2: "yellow", 3: "yellow"}


@dataclass(frozen=True)
class FleetRequest:
    """What the command line asked for.

    Attributes:
        action: the command that each repository gets.
        repositories: the list, one path or address per line.
        workspace: where clones and the state are; None = beside the list.
        jobs: how many repositories at a time.
        limit: only this many of those still to do; 0 = all.
        options: options of the command, by command.
        as_json: whether to print JSON.
        agreed: whether the user agreed to every plan.
    """

    action: Action
    repositories: Path
    workspace: Path | None
    jobs: int
    limit: int
    options: Mapping[str, Sequence[str]]
    as_json: bool
    agreed: bool


def run_fleet(request: FleetRequest) -> int:
    """Run the command on all repositories that it has not succeeded on yet.

    Raises:
        UsageError: if the list cannot be used.
        ConfigurationError: if the state is broken.
        ToolError: if the state cannot be written.
    """
    listing = request.repositories
    workspace = request.workspace or listing.with_name(f"{listing.name}.fleet")
    workspace = workspace.resolve()
    state_file = workspace / "fleet.json"
    members = read_members(listing, workspace)
    state = read_state(state_file)
    for member in members:
        known = state.members.get(member.path)
        member.entries = known.entries if known else {}
        state.members[member.path] = member
    waiting = [member for member in members if not _done(member, request.action)]
    chosen = waiting[: request.limit] if request.limit else waiting
    console = make_console(errors=True)
    # What cannot be kept is told before anything is done.
    write_state(state_file, state)

    def on_end(member: Member, entry: Entry) -> None:
        member.entries = record(member.entries, request.action, entry)
        write_state(state_file, state)
        word = _word(request.action, entry.exit_code)
        console.print(printable(f"{word:<14}{member.source}  {entry.summary}"))

    order = Order(
        request.action, request.options.get(request.action, ()), request.agreed
    )
    run_members(chosen, order, request.jobs, on_end)
    _print(request, members)
    return _exit_code({_code(member, request.action) for member in members})


def _exit_code(codes: set[int | None]) -> int:
    """The worst of all: a repository that is worse off, then what is not proved."""
    bad = codes - {0, None}
    if 1 in bad:
        return 1
    if not bad:
        return 0
    refused = bad == {UsageError.exit_code}
    return UsageError.exit_code if refused else ToolError.exit_code


def _done(member: Member, action: Action) -> bool:
    return action not in _LOOKS and _code(member, action) == 0


def _code(member: Member, action: Action) -> int | None:
    entry = member.entries.get(action)
    return entry.exit_code if entry else None


def _word(action: Action, code: int | None) -> str:
    if code is None:
        return "waiting"
    if code == ToolError.exit_code and action in _PROVES:
        return "not validated"
    return _WORDS.get(code, f"exit code {code}")


def _print(request: FleetRequest, members: Sequence[Member]) -> None:
    if request.as_json:
        print_json({"schema": 1, "action": request.action, "members": members})
        return
    table = Table(box=None, padding=(0, 2, 0, 0), title_justify="left")
    for column in ("repository", request.action, "seconds", "what happened"):
        table.add_column(column, overflow="fold")
    for member in members:
        entry = member.entries.get(request.action)
        code = entry.exit_code if entry else None
        style = "dim" if code is None else _STYLES.get(code, "bold red")
        table.add_row(
            printable(member.source),
            Text(_word(request.action, code), style=style),
            f"{entry.seconds:.1f}" if entry else "",
            printable(entry.summary) if entry else Text(""),
        )
    make_console().print(table)
