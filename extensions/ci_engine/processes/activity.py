"""What is being done at the moment, for whoever shows it to the user."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

# The latest one last; several threads may each do something.
_current: list[tuple[object, str]] = []


@contextmanager
def activity(name: str) -> Generator[None]:
    """Do something that may take long enough for the user to wonder what it is."""
    entry = (object(), name)
    _current.append(entry)
    try:
        yield
    finally:
        _current.remove(entry)


def current_activities() -> list[str]:
    """The names of what is being done, the longest running first."""
    return [name for _, name in list(_current)]
