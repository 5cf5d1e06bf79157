"""Check pyproject.toml against the schemas of the tables it has.

Runs in the environment of the locked validators. ``validate-pyproject`` by itself
compiles the schemas of every tool it knows; this compiles those that are needed.

Usage: ``python pyproject_schema.py FILE``; prints nothing, or one line of JSON with
the key, the value and what is allowed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from validate_pyproject import api, errors, plugins

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def main() -> None:
    """Check one file and print the mistake that was found, if any."""
    text = Path(sys.argv[1]).read_text(encoding="utf-8-sig")
    document: dict[str, Any] = tomllib.loads(text)
    tables = set(document.get("tool", {}))
    # A plugin without a tool checks tables outside [tool].
    known = plugins.list_from_entry_points()
    wanted = [plugin for plugin in known if not plugin.tool or plugin.tool in tables]
    try:
        api.Validator(plugins=wanted)(document)
    except errors.ValidationError as error:
        # The summary is "`project.name` must be pep508-identifier".
        rule = str(error.summary).partition(" must ")[2]
        rule = rule[3:] if rule.startswith("be ") else f"a value that has to {rule}"
        mistake = {
            "key": str(error.name).strip("`"),
            "found": repr(error.value)[:200],
            "allowed": rule,
        }
        sys.stdout.write(json.dumps(mistake) + "\n")


main()
