"""Track the current activities, for display to the user."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

# The latest one last; several threads may each have one.
_current: list[tuple[object, str]] = []


@contextmanager
def activity(name: str) -> Generator[None]:
    """Mark an activity that may take long enough to be shown."""
    entry = (object(), name)
    _current.append(entry)
    try:
        yield
    finally:
        _current.remove(entry)


def current_activities() -> list[str]:
    """The names of the current activities, the longest running first."""
    return [name for _, name in list(_current)]
