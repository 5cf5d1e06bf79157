"""Check pyproject.toml against the schemas of its tables.

Runs in the environment of the locked validators. ``validate-pyproject`` has the
schemas, but compiles those of every tool to Python code, which takes seconds. So
jsonschema decides whether a file is valid; compiled code only explains mistakes.

Usage: ``python pyproject_schema.py FILE``; prints nothing, or one line of JSON with
the key and its mistake.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

from jsonschema import (  # type: ignore[import-untyped]
    Draft7Validator,
    FormatChecker,
)
from referencing.jsonschema import DRAFT7, EMPTY_REGISTRY
from validate_pyproject import api, errors, plugins

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_Rule = Callable[[object], object]


def main() -> None:
    """Check one file and print the first mistake, if there is one."""
    text = Path(sys.argv[1]).read_text(encoding="utf-8-sig")
    document: dict[str, Any] = tomllib.loads(text)
    tables = set(document.get("tool", {}))
    # A plugin without a tool checks tables outside [tool].
    known = plugins.list_from_entry_points()
    wanted = [plugin for plugin in known if not plugin.tool or plugin.tool in tables]
    validator = api.Validator(plugins=wanted)
    if _is_right(validator, document):
        return
    try:
        validator(document)
    except errors.ValidationError as error:
        mistake = {"key": str(error.name).strip("`"), "problem": _problem(error)}
        sys.stdout.write(json.dumps(mistake) + "\n")


def _problem(error: errors.ValidationError) -> str:
    """The mistake; its summary may be "`project.name` must be pep508-identifier"."""
    summary = str(error.summary)
    if not summary.startswith(str(error.name)):
        # A rule about several keys: its summary is complete.
        return summary[:1].lower() + summary[1:]
    rule = summary.partition(" must ")[2] or "be a value that its schema allows"
    rule = rule[3:] if rule.startswith("be ") else f"a value that has to {rule}"
    return f"expected {rule}, got {repr(error.value)[:200]}"


def _is_right(validator: api.Validator, document: dict[str, Any]) -> bool:
    """Whether the schemas and the additional rules accept the file."""
    schemas = {
        uri: DRAFT7.create_resource(dict(schema))
        for uri, schema in validator.registry.items()
    }
    known = EMPTY_REGISTRY.with_resources(schemas.items())
    formats = FormatChecker(())
    for name, fits in validator.formats.items():
        formats.checks(name, raises=(TypeError, ValueError))(_for_text(fits))
    checker = Draft7Validator(
        dict(validator.schema),
        registry=known,
        format_checker=formats,
    )
    if next(checker.iter_errors(document), None):  # pyright: ignore[reportUnknownMemberType]
        return False
    rules = cast("Sequence[_Rule]", validator.extra_validations)  # pyright: ignore[reportUnknownMemberType]
    try:
        for rule in rules:
            rule(document)
    except errors.ValidationError:
        return False
    return True


def _for_text(fits: Callable[[str], bool]) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, str) or fits(value)


main()
