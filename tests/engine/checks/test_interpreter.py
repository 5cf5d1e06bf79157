"""The Python that was requested is the one that runs, free-threaded or not."""

from __future__ import annotations

import pytest

from ci_engine.checks.interpreter import check_interpreter
from ci_engine.environments.environment import Environment, Probe


@pytest.mark.parametrize(
    ("wanted", "found", "free_threaded", "reason"),
    [
        ("3.14", "3.14.2", False, ""),
        ("3.14t", "3.14.2", True, ""),
        # The project may have chosen that build for all of its work.
        ("3.14", "3.14.2", True, ""),
        ("3.14t", "3.14.2", False, "Python 3.14t was requested, 3.14.2 ran"),
        ("3.1", "3.14.2", False, "Python 3.1 was requested, 3.14.2 ran"),
        ("3.15t", "3.14.2", True, "Python 3.15t was requested, 3.14.2t ran"),
    ],
)
def test_another_python_than_the_requested_one_is_red(
    wanted: str, found: str, free_threaded: bool, reason: str
) -> None:
    probe = Probe(found, "python", "", "", {}, [], {}, free_threaded)
    (result,) = check_interpreter(wanted, Environment("uv", probe, {}))
    assert result.reason == reason
    assert bool(result.findings) is bool(reason)
