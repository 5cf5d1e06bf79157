"""Parsers that are quick: most tests of renders do little else than parse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import yaml

Document = dict[str, Any]


def parse_yaml(text: str | bytes) -> Any:  # noqa: ANN401 - as the parser says
    """Parse YAML with libyaml, which takes a tenth of the time."""
    return yaml.load(text, Loader=yaml.CSafeLoader)


def parse_toml(text: str | bytes) -> Document:
    """Parse TOML with the parser of the standard library."""
    return msgspec.toml.decode(text, type=Document)


def read_toml(path: Path) -> Document:
    """Read a TOML file."""
    return parse_toml(path.read_bytes())
