"""List what can be imported. Runs in the project's interpreter: stdlib only.

Usage: ``python import_names.py DISTRIBUTION``; prints one line of JSON with the
distributions behind each top-level name, the modules of the standard library, and
what the given distribution requires.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import (
    PackageNotFoundError,
    packages_distributions,
    requires,
)


def _requires(name: str) -> list[str] | None:
    """What an installed distribution requires; None if it is not installed."""
    try:
        return requires(name) or []
    except PackageNotFoundError:
        return None


def main() -> None:
    """Print what can be imported."""
    names = {
        name: sorted(set(found)) for name, found in packages_distributions().items()
    }
    found = {
        "names": names,
        "standard": sorted({*sys.stdlib_module_names, *sys.builtin_module_names}),
        "requires": _requires(sys.argv[1]) if sys.argv[1] else None,
    }
    sys.stdout.write(json.dumps(found) + "\n")


main()
