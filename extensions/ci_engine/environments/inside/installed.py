"""List what is installed. Runs in the project's interpreter: stdlib only.

Usage: ``python installed.py``; prints one line of JSON: a list with the name, the
version, the origin, the requirements and the license of each distribution. The origin
is empty for what came from a package index, else the URL it was installed from.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import Distribution, distributions

_LONGEST_LICENCE = 200


def _origin(distribution: Distribution) -> str:
    """Where a distribution was installed from, as PEP 610 records it."""
    text = distribution.read_text("direct_url.json")
    try:
        url = json.loads(text)["url"] if text else ""
    except (KeyError, TypeError, ValueError):
        return "an unreadable direct_url.json"
    return str(url)


def _license(distribution: Distribution) -> str:
    """The license as the metadata states it: an expression, a name, or classifiers."""
    metadata = distribution.metadata
    text = metadata["License-Expression"] or metadata["License"] or ""
    # Some put the whole text of the license there.
    if text and "\n" not in text.strip() and len(text) < _LONGEST_LICENCE:
        return str(text).strip()
    classifiers = metadata.get_all("Classifier") or []
    names = [c.rpartition(" :: ")[2] for c in classifiers if c.startswith("License ::")]
    return " AND ".join(names)


def main() -> None:
    """Print what is installed."""
    found = [
        {
            "name": distribution.metadata["Name"] or "",
            "version": distribution.version or "",
            "origin": _origin(distribution),
            "requires": distribution.requires or [],
            "license_name": _license(distribution),
        }
        for distribution in distributions()
    ]
    sys.stdout.write(json.dumps(found) + "\n")


main()
