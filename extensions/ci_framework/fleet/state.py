"""What is known about each repository of a fleet: survives an interruption."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import msgspec

from ci_engine.errors import ConfigurationError, UsageError
from ci_engine.output import write_text

__all__ = [
    "Action",
    "Entry",
    "FleetState",
    "Member",
    "read_members",
    "read_state",
    "write_state",
]

Action = Literal["plan", "apply", "adopt", "validate", "status", "rollback"]
_ADDRESS = re.compile(r"^(?:[a-z][a-z0-9+.-]*://|[\w.-]+@[\w.-]+:)")


class Entry(msgspec.Struct, kw_only=True, rename="kebab"):
    """How the last run of one action ended.

    Attributes:
        exit_code: what the command exited with; -1 if it was killed.
        seconds: how long it took.
        hash: the hash of the plan, for plan and what follows it.
        summary: one line for people.
    """

    exit_code: int
    seconds: float
    hash: str = ""
    summary: str = ""


class Member(msgspec.Struct, kw_only=True, rename="kebab"):
    """One repository of the fleet.

    Attributes:
        source: the line of the list.
        path: its directory.
        entries: how the last run of each action ended.
    """

    source: str
    path: str
    entries: dict[Action, Entry] = msgspec.field(default_factory=dict[Action, Entry])


class FleetState(msgspec.Struct, kw_only=True, rename="kebab"):
    """The state of a fleet, by the lines of its list."""

    schema: Literal[1] = 1
    members: dict[str, Member] = msgspec.field(default_factory=dict[str, Member])


def read_members(listing: Path, workspace: Path) -> list[Member]:
    """Read the list: one path or address per line, ``#`` starts a comment.

    Paths are relative to the list; addresses are cloned below the workspace.

    Raises:
        UsageError: if the list cannot be read, is empty, or names one twice.
    """
    try:
        text = listing.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise UsageError(
            f"{listing}: {reason}; allowed: a text file with one repository per line"
        ) from error
    members: list[Member] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        source = re.sub(r"(^|\s)#.*", "", line).strip()
        if not source:
            continue
        path = _place(source, listing.parent, workspace)
        if str(path) in seen:
            raise UsageError(
                f"{listing}: line {number}: found {source!r}, which is {path} as in "
                f"line {seen[str(path)]}; allowed: each repository once"
            )
        seen[str(path)] = number
        members.append(Member(source=source, path=str(path)))
    if not members:
        raise UsageError(f"{listing}: found no repository; allowed: one per line")
    return members


def _place(source: str, base: Path, workspace: Path) -> Path:
    if not is_address(source):
        return (base / Path(source).expanduser()).resolve()
    words = re.split(r"[/:]", source.rstrip("/").removesuffix(".git"))
    kept = [re.sub(r"[^\w.-]", "-", word).strip(".") for word in words[-2:]]
    return workspace / "clones" / "+".join(filter(None, kept))


def is_address(source: str) -> bool:
    """Whether a line of the list is an address that has to be cloned."""
    return bool(_ADDRESS.match(source))


def read_state(path: Path) -> FleetState:
    """Read the state, an empty one if there is none yet.

    Raises:
        ConfigurationError: if the file is broken.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=FleetState)
    except FileNotFoundError:
        return FleetState()
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigurationError(
            f"{path}: cannot be read: {error}",
            next_step="remove the file; the repositories keep journals of their own",
        ) from error


def write_state(path: Path, state: FleetState) -> None:
    """Write the state, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, msgspec.json.format(msgspec.json.encode(state)).decode() + "\n")
