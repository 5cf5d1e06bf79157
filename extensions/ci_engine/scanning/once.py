"""Answers that several engines want, and that are found once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from ci_engine.checks.context import Context
from ci_engine.checks.dependencies.inventory import Dependencies, read_environment
from ci_engine.checks.dependencies.locked_packages import read_lock
from ci_engine.errors import ToolError
from ci_engine.project.repository import Project

__all__ = ["Once", "dependencies_of", "needs_environment"]

_Answer = TypeVar("_Answer")
# Files in which a project without a lock says what it needs.
_NAMES_DEPENDENCIES = ("requirements*.txt", "setup.py", "setup.cfg", "Pipfile")


class Once(Generic[_Answer]):
    """A question that is asked once, whoever wants to know the answer."""

    def __init__(self, ask: Callable[[], _Answer]) -> None:
        self._ask = ask
        self._asking = threading.Lock()
        self._answers: list[_Answer | ToolError] = []

    def __call__(self) -> _Answer:
        """The answer.

        Raises:
            ToolError: if there is none, each time.
        """
        with self._asking:
            if not self._answers:
                try:
                    self._answers.append(self._ask())
                except ToolError as error:
                    self._answers.append(error)
        answer = self._answers[0]
        if isinstance(answer, ToolError):
            raise answer
        return answer


def needs_environment(project: Project) -> bool:
    """Whether only an environment can tell what a project depends on."""
    try:
        return read_lock(project) is None and _names_any(project)
    except ToolError:
        # A lock that cannot be read is no reason to guess.
        return False


def dependencies_of(context: Context) -> Dependencies:
    """What the project depends on: its lock says, or its environment.

    Raises:
        ToolError: if neither does.
    """
    locked = read_lock(context.project)
    if locked is not None:
        return locked
    if not _names_any(context.project):
        return Dependencies("the repository", (), ())
    return read_environment(context)


def _names_any(project: Project) -> bool:
    files = (project.root.glob(pattern) for pattern in _NAMES_DEPENDENCIES)
    named = any(path.is_file() for found in files for path in found)
    return project.installable or bool(project.groups) or named
