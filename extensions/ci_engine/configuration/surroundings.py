"""The directory, time and environment of a command, read once at startup."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path


@dataclass(frozen=True)
class Surroundings:
    """The directory, time and environment of a command.

    Attributes:
        directory: the working directory, the base of relative paths.
        today: the current day, for the expiry of waivers.
        started: the monotonic clock when the command began.
    """

    repository: Path
    directory: Path
    variables: Mapping[str, str]
    today: date = field(default_factory=date.today)
    started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Seconds since the command began."""
        return time.monotonic() - self.started

    def reports(self, given: str, command: str) -> Path:
        """The directory for reports: the given one, or the default of the command."""
        default = self.repository / ".ci-framework" / command
        return self.directory / given if given else default


def read_surroundings(repository: Path) -> Surroundings:
    """Read the surroundings of this process."""
    return Surroundings(repository, Path.cwd(), dict(os.environ))
