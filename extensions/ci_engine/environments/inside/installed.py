"""List installed packages. Runs in the project's interpreter: stdlib only.

Usage: ``python installed.py``; prints one line of JSON: a list with the name, the
version, the origin and the requirements of each distribution. The origin is empty
for packages from an index, else the URL of the installation.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import Distribution, distributions


def _origin(distribution: Distribution) -> str:
    """The source of a distribution, as recorded according to PEP 610."""
    text = distribution.read_text("direct_url.json")
    try:
        url = json.loads(text)["url"] if text else ""
    except (KeyError, TypeError, ValueError):
        return "an unreadable direct_url.json"
    return str(url)


def main() -> None:
    """Print the installed packages."""
    found = [
        {
            "name": distribution.metadata["Name"] or "",
            "version": distribution.version or "",
            "origin": _origin(distribution),
            "requires": distribution.requires or [],
        }
        for distribution in distributions()
    ]
    sys.stdout.write(json.dumps(found) + "\n")


main()
