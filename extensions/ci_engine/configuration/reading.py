"""Read configuration files; errors name the file and the line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast

import msgspec

from ci_engine.configuration.contained_files import read_contained
from ci_engine.configuration.yaml_limits import yaml_problem
from ci_engine.errors import ConfigurationError

Table = dict[str, object]
# Parsing time grows with the number of parts, and no configuration has this many.
_DOTTED = re.compile(
    r"""^[ \t\[]*(?:(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*){100}""", re.MULTILINE
)


def as_table(value: object) -> Table:
    """A table of a parsed document, empty for anything else."""
    return cast("Table", value) if isinstance(value, dict) else {}


def read_text(path: Path) -> str:
    """Read a text file as UTF-8, without its byte order mark.

    Raises:
        ConfigurationError: if it cannot be read, is not UTF-8, or is a pipe, a device
            or a link that leaves its repository.
    """
    try:
        return read_contained(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{path.name}: not UTF-8 (byte {error.start})",
            hint=f"save {path} as UTF-8",
        ) from error
    except OSError as error:
        raise ConfigurationError(
            f"{path.name}: cannot be read: {error.strerror}",
            hint=f"check that {path} is a readable file",
        ) from error


def read_toml(path: Path) -> Table:
    """Read a TOML file.

    Raises:
        ConfigurationError: if it cannot be read or is not TOML.
    """
    text = read_text(path)
    if _DOTTED.search(text):
        raise _too_deep(path)
    try:
        return msgspec.toml.decode(text, type=Table)
    # Python refuses to parse a number with thousands of digits.
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise _invalid(path, "TOML", text, error) from error


def read_yaml(path: Path) -> object:
    """Read a YAML file.

    Raises:
        ConfigurationError: if it cannot be read, is not YAML, or has aliases that
            expand to more values than any configuration has.
    """
    text = read_text(path)
    problem = yaml_problem(text)
    if problem:
        raise ConfigurationError(
            f"{path.name}: {problem}",
            hint=f"write {path.name} without nested aliases and repeated keys",
        )
    try:
        return msgspec.yaml.decode(text)
    # A date that does not exist raises ValueError.
    except (msgspec.DecodeError, ValueError, OverflowError, RecursionError) as error:
        raise _invalid(path, "YAML", text, error) from error


def _invalid(
    path: Path, language: str, text: str, error: Exception
) -> ConfigurationError:
    if isinstance(error, RecursionError):
        return _too_deep(path)
    message = " ".join(str(error).split())
    return ConfigurationError(
        f"{path.name}: not valid {language}: {message}{_conflict_marker(text)}",
        hint=f"correct {path.name} at the line named above",
    )


def _too_deep(path: Path) -> ConfigurationError:
    return ConfigurationError(
        f"{path.name}: nested too deeply to be read",
        hint=f"write {path.name} with fewer levels",
    )


def _conflict_marker(text: str) -> str:
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(("<<<<<<< ", ">>>>>>> ")):
            return f" (line {number} is a conflict marker of an unfinished merge)"
    return ""
