"""Divide a fleet among several machines, and merge their results."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ci_engine.errors import UsageError
from ci_framework.fleet.state import Member, read_state

_SLICE = re.compile(r"([1-9]\d{0,3})/([1-9]\d{0,3})")


def take_slice(members: Sequence[Member], text: str) -> list[Member]:
    """Take every n-th repository of the list; together the slices are the whole list.

    Raises:
        UsageError: if there is no such slice.
    """
    if not text:
        return list(members)
    match = _SLICE.fullmatch(text)
    if match is None or int(match[1]) > int(match[2]):
        raise UsageError(
            f"--slice: expected a slice such as 2/4, got {text!r}",
            hint="give the number of the slice and the number of slices",
        )
    return list(members[int(match[1]) - 1 :: int(match[2])])


def merge_states(members: Sequence[Member], directory: Path) -> None:
    """Merge the results of other machines, by the lines of the list.

    Args:
        members: the repositories of the list; entries with results are
            replaced.
        directory: contains the states of the slices, in files named fleet.json.

    Raises:
        UsageError: if there is no state.
    """
    paths = sorted(directory.rglob("fleet.json"))
    if not paths:
        raise UsageError(
            f"--merge: {directory}: no fleet.json below it",
            hint="collect the workspaces of all slices there",
        )
    by_source = {member.source: member for member in members}
    for path in paths:
        for found in read_state(path).members.values():
            member = by_source.get(found.source)
            if member is not None:
                member.entries = {**member.entries, **found.entries}
