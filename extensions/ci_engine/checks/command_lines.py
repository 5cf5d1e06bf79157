"""File names on command lines."""

from __future__ import annotations

import os
from collections.abc import Sequence

__all__ = ["LONGEST_LIST", "batches"]

# Windows takes no command line longer than 32 767 characters.
LONGEST_LIST = 20_000


def batches(names: Sequence[str]) -> list[list[str]]:
    """Divide file names into lists that fit on a command line.

    None of them can be taken for an option.
    """
    lists: list[list[str]] = []
    length = LONGEST_LIST
    for name in names:
        length += len(name) + 3
        if length > LONGEST_LIST:
            lists.append([])
            length = len(name) + 3
        lists[-1].append(f".{os.sep}{name}" if os.name == "nt" else f"./{name}")
    return lists
