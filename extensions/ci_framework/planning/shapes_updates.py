"""What the framework adds to Dependabot's configuration, and how it is indented."""

from __future__ import annotations

from collections.abc import Iterator

from ci_framework.planning.edits import CannotEdit, read_editable
from ci_framework.planning.edits_model import decode
from ci_framework.planning.shapes_model import (
    Shape,
    entries,
    first_of,
    items,
    shape_of_indent,
)
from ci_framework.planning.yaml_places import find_list
from ci_framework.repository import Repository

__all__ = ["UPDATES_FILE", "shape_updates"]

UPDATES_FILE = ".github/dependabot.yml"
_OTHER_NAME = ".github/dependabot.yaml"
_ECOSYSTEMS = {"github-actions": ("github-actions",), "python": ("pip", "uv")}
_RENOVATE = (
    "renovate.json",
    "renovate.json5",
    ".github/renovate.json",
    ".github/renovate.json5",
    ".gitlab/renovate.json",
    ".gitlab/renovate.json5",
    ".renovaterc",
    ".renovaterc.json",
    ".renovaterc.json5",
)


def shape_updates(repository: Repository) -> dict[str, Shape]:
    """The answers about the file of Dependabot."""
    renovate = first_of(repository, *_RENOVATE)
    if renovate:
        because = f"Renovate keeps the project up to date, by {renovate}"
        return {"update_ecosystems": Shape.at([], because, renovate)}
    if _OTHER_NAME in repository.tracked:
        because = f"the project configures Dependabot in {_OTHER_NAME}"
        return {"update_ecosystems": Shape.at([], because, _OTHER_NAME)}
    try:
        before = read_editable(repository, UPDATES_FILE)
        text = "" if before is None else decode(before)
        listing = find_list(text, "updates")
    except CannotEdit:
        return {}
    shapes = dict(_ecosystems(text))
    for shape in shape_of_indent(listing, "updates", UPDATES_FILE):
        shapes["updates_indent"] = shape
    return shapes


def _ecosystems(text: str) -> Iterator[tuple[str, Shape]]:
    """Dependabot refuses a file in which two entries are about the same files."""
    there = _at_the_top(text)
    kept = [n for n, names in _ECOSYSTEMS.items() if not there.intersection(names)]
    if len(kept) < len(_ECOSYSTEMS):
        have = ", ".join(sorted(there))
        because = f"the project has entries of its own for {have} at its top"
        yield "update_ecosystems", Shape.at(kept, because, UPDATES_FILE)


def _at_the_top(text: str) -> set[str]:
    """The ecosystems with an entry that looks at the top directory."""
    found: set[str] = set()
    for entry in entries(text, "updates"):
        places = [entry.get("directory"), *items(entry.get("directories"))]
        if any(isinstance(place, str) and _is_top(place) for place in places):
            found.add(str(entry.get("package-ecosystem")))
    return found


def _is_top(place: str) -> bool:
    return place.strip("/. ") == "" or "*" in place
