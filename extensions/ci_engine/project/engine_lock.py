"""Read the file of a rendered repository that pins the engine."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from ci_engine.configuration.reading import read_text

ENGINE_LOCK = "ci-framework/engine.lock"
_COMMIT = re.compile(r"^# commit: *([0-9a-f]{40,64})\s*$", re.MULTILINE)
_ANSWERS = re.compile(r"^# answers: *(\S.*?)\s*$", re.MULTILINE)


class EngineLock(NamedTuple):
    """The head of the file.

    Attributes:
        commit: the pinned commit, empty if it pins none.
        answers: the file with the template's answers, empty if it names none inside the
            repository.
    """

    commit: str = ""
    answers: str = ""


def read_engine_lock(root: Path) -> EngineLock:
    """Read it; everything is empty if the template did not render this repository.

    Raises:
        ConfigurationError: if it cannot be read.
    """
    path = root / ENGINE_LOCK
    return parse_engine_lock(read_text(path)) if path.is_file() else EngineLock()


def parse_engine_lock(text: str) -> EngineLock:
    """Read its text, which a change may have edited."""
    commit, answers = _COMMIT.search(text), _ANSWERS.search(text)
    name = answers[1] if answers else ""
    path = PurePosixPath(name)
    inside = not path.is_absolute() and ".." not in path.parts
    return EngineLock(commit[1] if commit else "", name if inside else "")
