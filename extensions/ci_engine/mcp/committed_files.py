"""Read and write committed files about a server, never outside the repository."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeVar

import msgspec

from ci_engine.configuration.contained_files import read_contained
from ci_engine.errors import ConfigurationError
from ci_engine.project.output_files import write_text

_Read = TypeVar("_Read", bound=msgspec.Struct)


def read_committed(
    root: Path, name: str, kind: type[_Read], expected: str, update: str
) -> _Read | None:
    """Read a file of the repository, None if it does not exist.

    Args:
        root: the root of the repository.
        name: the path of the file.
        kind: the type of its content.
        expected: a description of the content, for the message.
        update: the command that writes it.

    Raises:
        ConfigurationError: if the content is invalid.
    """
    try:
        return msgspec.json.decode(read_contained(root / name), type=kind)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise ConfigurationError(
            f"{name}: expected {expected}: {error}", hint=f"write it again: {update}"
        ) from error


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
