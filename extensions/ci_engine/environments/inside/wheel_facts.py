"""Print the metadata of a wheel. Runs in the environment of the locked ``build``.

Usage: ``python wheel_facts.py WHEEL VERSION...``; prints one line of JSON: the fields
of its metadata, its files, and which of the given Python versions it allows.
"""

from __future__ import annotations

import json
import sys
import zipfile
from email.parser import HeaderParser

from packaging.specifiers import InvalidSpecifier, SpecifierSet


def _allowed(text: str, versions: list[str]) -> list[str] | None:
    """The versions with an allowed release; None if unknown."""
    try:
        specifier = SpecifierSet(text)
    except InvalidSpecifier:
        return None
    releases = ("0", "99")
    return [
        version
        for version in versions
        if any(specifier.contains(f"{version}.{release}") for release in releases)
    ]


def main() -> None:
    """Print the facts of one wheel."""
    with zipfile.ZipFile(sys.argv[1]) as archive:
        files = archive.namelist()
        name = next(
            file
            for file in files
            if file.endswith(".dist-info/METADATA") and file.count("/") == 1
        )
        fields = HeaderParser().parsestr(archive.read(name).decode("utf-8"))
    requires = fields.get("Requires-Python") or ""
    facts = {
        "name": fields.get("Name") or "",
        "version": fields.get("Version") or "",
        "requires_python": requires,
        "classifiers": fields.get_all("Classifier") or [],
        "license": fields.get("License-Expression") or fields.get("License") or "",
        "files": files,
        "allowed": _allowed(requires, sys.argv[2:]),
    }
    sys.stdout.write(json.dumps(facts) + "\n")


main()
