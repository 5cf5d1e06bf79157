"""The paths of sources and tests, as far as the template accepts their names."""

from __future__ import annotations

from ci_framework.answers.names import plain_path
from ci_framework.inventory import Inventory


def choose_source_paths(inventory: Inventory) -> tuple[list[str], str]:
    """Return the source paths and the reason; the whole repository if none fits."""
    found = inventory.items("source-paths")
    because = inventory.reason("source-paths")
    kept = accepted_paths(found)
    if len(kept) < len(found):
        because += "; the template does not accept the names of the others"
    if not kept:
        return ["."], f"{because}; so the whole repository counts"
    return kept, because


def choose_test_paths(inventory: Inventory, taken: list[str]) -> tuple[list[str], str]:
    """Return the test paths that are not source paths already, and the reason."""
    found = accepted_paths(inventory.items("test-paths"))
    kept = [path for path in found if path not in taken]
    return kept, inventory.reason("test-paths")


def accepted_paths(paths: list[str]) -> list[str]:
    """Return the paths that the template accepts, unique on any file system."""
    kept: dict[str, str] = {}
    for path in paths:
        if plain_path(path):
            kept.setdefault(path.lower(), path)
    return list(kept.values())
