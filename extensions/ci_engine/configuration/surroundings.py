"""What a command is started in: read once, at the door, and handed down."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path


@dataclass(frozen=True)
class Surroundings:
    """Where, when and with which variables a command runs.

    Attributes:
        directory: the working directory, which relative paths are meant from.
        today: the current day, which waivers are judged by.
        started: the reading of the monotonic clock when the command began.
    """

    repository: Path
    directory: Path
    variables: Mapping[str, str]
    today: date = field(default_factory=date.today)
    started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """How long the command has been running."""
        return time.monotonic() - self.started

    def reports(self, given: str, command: str) -> Path:
        """The directory for reports: the given one, or that of the command."""
        default = self.repository / ".ci-framework" / command
        return self.directory / given if given else default


def read_surroundings(repository: Path) -> Surroundings:
    """Read what this process was started in."""
    return Surroundings(repository, Path.cwd(), dict(os.environ))
