"""List importable names. Runs in the project's interpreter: stdlib only.

Usage: ``python import_names.py DISTRIBUTION``; prints one line of JSON with the
distributions of each top-level name, the modules of the standard library, and the
requirements of the given distribution.
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
    """The requirements of an installed distribution; None if it is not installed."""
    try:
        return requires(name) or []
    except PackageNotFoundError:
        return None


def main() -> None:
    """Print the importable names."""
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
