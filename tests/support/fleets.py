"""The list of a fleet, and its state."""

from __future__ import annotations

from pathlib import Path

from ci_framework.fleet.state import FleetState, read_state


def list_of(directory: Path, *rows: str | Path) -> Path:
    path = directory / "repositories.txt"
    path.write_text("".join(f"{row}\n" for row in rows), "utf-8")
    return path


def state_of(listing: Path) -> FleetState:
    return read_state(listing.with_name(f"{listing.name}.fleet") / "fleet.json")
