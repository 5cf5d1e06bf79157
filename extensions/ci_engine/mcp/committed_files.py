"""Write the files of a server that are committed: never outside the repository."""

from __future__ import annotations

import os
from pathlib import Path

from ci_engine.errors import ConfigurationError
from ci_engine.project.output_files import write_text


def write_committed(root: Path, name: str, text: str) -> None:
    """Write a file of the repository that the settings of ``mcp`` name.

    Raises:
        ConfigurationError: if it is outside the repository.
    """
    path = root / name
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root)):
        raise ConfigurationError(
            f"tool.ci-framework.mcp: expected a file of the repository, got {name!r}",
            hint="name a file below the top of the repository",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, text)
