"""``ci-framework fleet``: one command over many repositories."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from rich.text import Text

from ci_engine.errors import ToolError, UsageError
from ci_framework.commands.options import (
    PlanOptions,
    add_plan,
    add_retire,
    add_validation,
    read,
)
from ci_framework.fleet.run import Order, run_members
from ci_framework.fleet.slices import merge_states, take_slice
from ci_framework.fleet.state import (
    Action,
    Entry,
    Member,
    read_members,
    read_state,
    record,
    write_state,
)
from ci_framework.reporting.screen import make_console, make_table, printable

# These only read, so they are run every time.
_LOOKS: tuple[Action, ...] = ("plan", "status")
_WORDS = {0: "done", 1: "failed", 2: "refused", 3: "failed", -1: "killed"}
_PROVES: tuple[Action, ...] = ("adopt", "validate")
_STYLES = {0: "green", 1: "bold red", 2: "yellow", 3: "yellow"}


class _Request(PlanOptions, frozen=True, kw_only=True):
    action: Action
    repositories: str
    workspace: str
    jobs: int
    limit: int
    slice: str
    merge: str
    static: bool
    timeout: float


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("action", choices=get_args(Action))
    parser.add_argument(
        "repositories", metavar="LIST", help="a file with one path or address per line"
    )
    parser.add_argument(
        "--workspace",
        default="",
        metavar="DIR",
        help="where addresses are cloned and the state is kept (default: beside LIST)",
    )
    parser.add_argument("--jobs", type=int, default=2, help="repositories at a time")
    parser.add_argument(
        "--limit", type=int, default=0, help="at most this many of the remaining ones"
    )
    parser.add_argument(
        "--slice",
        default="",
        metavar="I/N",
        help="only the I-th of N parts of the list, to use several machines",
    )
    parser.add_argument(
        "--merge",
        default="",
        metavar="DIR",
        help="run nothing, merge the results of slices, whose workspaces are in DIR",
    )
    add_plan(parser)
    add_retire(parser)
    add_validation(parser)


def run(parsed: argparse.Namespace) -> int:
    """Run the command on all repositories on which it has not succeeded yet.

    Raises:
        UsageError: if the list is unusable.
        ConfigurationError: if the state is broken.
        ToolError: if the state cannot be written.
    """
    options = read(parsed, _Request)
    if options.jobs < 1:
        raise UsageError(f"--jobs: expected 1 or more, got {options.jobs}")
    if options.limit < 0:
        raise UsageError(f"--limit: expected 0 (no limit) or more, got {options.limit}")
    if options.slice and options.merge:
        raise UsageError("--slice: cannot be combined with --merge")
    # The path is resolved: a directory such as `.` is refused by name as well.
    action, listing = options.action, Path(options.repositories).resolve()
    workspace = Path(options.workspace or listing.with_name(f"{listing.name}.fleet"))
    workspace = workspace.resolve()
    state_file = workspace / "fleet.json"
    members = take_slice(read_members(listing, workspace), options.slice)
    state = read_state(state_file)
    for member in members:
        known = state.members.get(member.path)
        member.entries = known.entries if known else {}
        state.members[member.path] = member
    if options.merge:
        merge_states(members, Path(options.merge))
        write_state(state_file, state)
        return _report(action, members, options)
    waiting = [member for member in members if not _done(member, action)]
    chosen = waiting[: options.limit] if options.limit else waiting
    console = make_console(errors=True)
    # An unwritable state is reported before anything is done.
    write_state(state_file, state)

    def on_end(member: Member, entry: Entry) -> None:
        member.entries = record(member.entries, action, entry)
        write_state(state_file, state)
        word = _word(action, entry.exit_code)
        console.print(printable(f"{word:<14}{member.source}  {entry.summary}"))

    order = Order(action, _arguments(options), options.yes)
    run_members(chosen, order, options.jobs, on_end)
    _show(action, members, options)
    return _exit_code({_code(member, action) for member in members})


def _show(action: Action, members: Sequence[Member], options: _Request) -> None:
    options.emit({"schema": 1, "action": action, "members": members})
    if not options.json:
        _print(action, members)


def _report(action: Action, members: Sequence[Member], options: _Request) -> int:
    """Merge the results of slices; a repository in none of them is not run."""
    _show(action, members, options)
    codes = {_code(member, action) for member in members}
    return _exit_code({ToolError.exit_code if code is None else code for code in codes})


def _arguments(options: _Request) -> list[str]:
    """The options for the command in each repository."""
    found: list[str] = []
    if options.action in ("plan", "apply", "adopt"):
        answers = str(Path(options.answers).resolve()) if options.answers else ""
        for option, values in (
            ("--template", [options.template]),
            ("--vcs-ref", [options.vcs_ref]),
            ("--answers", [answers]),
            ("--answer", options.answer),
            ("--retire", options.retire),
        ):
            found += [word for value in values if value for word in (option, value)]
        found += ["--smallest"] if options.smallest else []
    if options.action in ("adopt", "validate"):
        found += ["--timeout", str(options.timeout)]
        found += ["--static"] if options.static else []
    return found


def _exit_code(codes: set[int | None]) -> int:
    """The worst exit code: failures come before results that are not verified."""
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


def _print(action: Action, members: Sequence[Member]) -> None:
    rows: list[tuple[str | Text, ...]] = []
    for member in members:
        entry = member.entries.get(action)
        code = entry.exit_code if entry else None
        style = "dim" if code is None else _STYLES.get(code, "bold red")
        word = Text(_word(action, code), style=style)
        outcome = (f"{entry.seconds:.1f}", entry.summary) if entry else ("", "")
        rows.append((member.source, word, *outcome))
    columns = ("repository", action, "seconds", "what happened")
    make_console().print(make_table("", columns, rows))
