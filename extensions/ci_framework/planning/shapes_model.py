"""What a file's shape says about an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import msgspec

from ci_framework.inventory import Evidence
from ci_framework.planning.yaml_locations import Listing
from ci_framework.repository import Repository

__all__ = ["Shape", "entries", "first_of", "items", "shape_of_indent", "table"]

# What the template writes by itself, and the most it can be told to.
_INDENT, _MOST_INDENT = 2, 8


@dataclass(frozen=True)
class Shape:
    """An answer that follows from how a file is written.

    Attributes:
        value: the answer.
        because: why, one sentence for people.
        evidence: the files it rests on.
    """

    value: object
    because: str
    evidence: list[Evidence]

    @classmethod
    def at(cls, value: object, because: str, *paths: str) -> Shape:
        """An answer that rests on whole files."""
        return cls(value, because, [Evidence(path=path) for path in paths])


def first_of(repository: Repository, *paths: str) -> str:
    """The first of these paths that the repository has, empty if it has none."""
    return next((path for path in paths if path in repository.tracked), "")


def shape_of_indent(listing: Listing, key: str, path: str) -> list[Shape]:
    """How a list is indented, if that is not what the template does by itself."""
    if listing.form != "block" or listing.indent == _INDENT:
        return []
    if listing.indent > _MOST_INDENT:
        return []
    because = f"the list {key} in {path} is indented by {listing.indent}"
    return [Shape.at(listing.indent, because, path)]


def entries(text: str, key: str) -> list[dict[str, object]]:
    """The entries of a list in a YAML file, none if it cannot be read."""
    try:
        document = msgspec.yaml.decode(text.encode()) if text.strip() else None
    except (msgspec.DecodeError, RecursionError):
        return []
    return [table(entry) for entry in items(table(document).get(key))]


def table(value: object) -> dict[str, object]:
    """A mapping, empty for anything else."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def items(value: object) -> list[object]:
    """A list, empty for anything else."""
    return cast("list[object]", value) if isinstance(value, list) else []
