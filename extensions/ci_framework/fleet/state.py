"""The state of each repository of a fleet, which survives an interruption."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from ci_engine.errors import ConfigurationError, ToolError, UsageError
from ci_engine.project.output_files import write_text

Action = Literal["plan", "apply", "adopt", "validate", "status", "rollback"]
_ADDRESS = re.compile(r"^(?:[a-z][a-z0-9+.-]*://|[\w.-]+@[\w.-]+:)")


class Entry(msgspec.Struct, kw_only=True, rename="kebab"):
    """The result of the last run of one action.

    Attributes:
        exit_code: the exit code of the command; -1 if it was killed.
        hash: the hash of the plan, for plan and the actions after it.
    """

    exit_code: int
    seconds: float
    hash: str = ""
    summary: str = ""


class Member(msgspec.Struct, kw_only=True, rename="kebab"):
    """One repository of the fleet.

    Attributes:
        source: its line in the list.
    """

    source: str
    path: str
    entries: dict[Action, Entry] = msgspec.field(default_factory=dict[Action, Entry])


class FleetState(msgspec.Struct, kw_only=True, rename="kebab"):
    """The state of a fleet, by the directories of its repositories."""

    schema: Literal[1] = 1
    members: dict[str, Member] = msgspec.field(default_factory=dict[str, Member])


def read_members(listing: Path, workspace: Path) -> list[Member]:
    """Read the list: one path or address per line, ``#`` starts a comment.

    Paths are relative to the list; addresses are cloned below the workspace.

    Raises:
        UsageError: if the list cannot be read, is empty, or names one twice.
    """
    try:
        # Some editors start a text with a byte order mark.
        text = listing.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise UsageError(
            f"{listing}: expected a text file with one repository per line: {reason}"
        ) from error
    members: list[Member] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        source = re.sub(r"(^|\s)#.*", "", line).strip()
        if not source:
            continue
        try:
            path = _location(source, listing.parent, workspace)
        except (OSError, RuntimeError, ValueError) as error:
            # An unknown ~user, an invalid character, or a loop of links.
            raise UsageError(
                f"{listing}:{number}: expected a path or an address, got {source!r}: "
                f"{error}"
            ) from error
        if str(path) in seen:
            raise UsageError(
                f"{listing}:{number}: {source!r} is the repository of line "
                f"{seen[str(path)]}: {path}"
            )
        seen[str(path)] = number
        members.append(Member(source=source, path=str(path)))
    if not members:
        raise UsageError(f"{listing}: no repository is listed; expected one per line")
    return members


def _location(source: str, base: Path, workspace: Path) -> Path:
    if not is_address(source):
        return (base / Path(source).expanduser()).resolve()
    address = source.rstrip("/").removesuffix(".git")
    words = re.split(r"[/:]", address)[-2:]
    kept = [re.sub(r"[^A-Za-z0-9_.-]", "-", word).strip(".")[-60:] for word in words]
    # Repositories with the same name may be on different hosts.
    mark = hashlib.sha256(address.encode()).hexdigest()[:8]
    return workspace / "clones" / "+".join([*filter(None, kept), mark])


def is_address(source: str) -> bool:
    """Whether a line of the list is an address to clone."""
    return bool(_ADDRESS.match(source))


def read_state(path: Path) -> FleetState:
    """Read the state, empty if there is none yet.

    Raises:
        ConfigurationError: if the file is broken.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=FleetState)
    except (FileNotFoundError, NotADirectoryError):
        return FleetState()
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigurationError(
            f"{path}: cannot be read: {error}",
            hint="remove the file; the repositories have their own journals",
        ) from error


def write_state(path: Path, state: FleetState) -> None:
    """Write the state atomically.

    Raises:
        ToolError: if it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ToolError(
            f"{path.parent}: cannot be created: {error.strerror}",
            hint="choose another --workspace",
        ) from error
    write_text(path, msgspec.json.format(msgspec.json.encode(state)).decode() + "\n")


_UNDONE: dict[Action, tuple[Action, ...]] = {
    "rollback": ("apply", "adopt", "validate"),
    "apply": ("rollback", "validate"),
    "adopt": ("rollback", "validate"),
}


def record(
    entries: Mapping[Action, Entry], action: Action, entry: Entry
) -> dict[Action, Entry]:
    """Record the result of an action, and remove those it undid.

    After a rollback nothing counts as applied. An action that was refused did
    nothing, and a rollback that failed leaves the adoption in force.
    """
    refused = entry.exit_code == UsageError.exit_code
    nothing = entry.exit_code != 0 if action == "rollback" else refused
    gone = () if nothing else _UNDONE.get(action, ())
    kept: dict[Action, Entry] = {
        name: known for name, known in entries.items() if name not in gone
    }
    kept[action] = entry
    return kept
