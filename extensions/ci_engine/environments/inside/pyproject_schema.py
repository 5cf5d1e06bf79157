"""Check pyproject.toml against the schemas of its tables.

Runs in the environment of the locked validators. ``validate-pyproject`` has the
schemas, but compiles those of tools to Python code, which takes seconds. So
jsonschema reads them.

Usage: ``python pyproject_schema.py FILE``; prints a JSON list of mistakes, each with
its keys and what is wrong.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

from jsonschema import (  # type: ignore[import-untyped]
    Draft7Validator,
    FormatChecker,
    ValidationError,
)
from referencing.jsonschema import DRAFT7, EMPTY_REGISTRY
from validate_pyproject import api, error_reporting, errors, plugins

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_Rule = Callable[[object], object]
_ALLOWED = "a value that its schema allows"
_MOST_NAMES = 8


def main() -> None:
    """Check one file and print its mistakes."""
    text = Path(sys.argv[1]).read_text(encoding="utf-8-sig")
    document: dict[str, Any] = tomllib.loads(text)
    tables = set(document.get("tool", {}))
    # A plugin without a tool checks tables outside [tool].
    known = plugins.list_from_entry_points()
    wanted = [plugin for plugin in known if not plugin.tool or plugin.tool in tables]
    validator = api.Validator(plugins=wanted)
    found = list(_mistakes(_checker(validator), document))
    # These rules expect that each value has its type.
    found = found or list(_broken_rules(validator, document))
    rows = [{"keys": keys, "problem": problem} for keys, problem in found]
    sys.stdout.write(json.dumps(rows) + "\n")


def _checker(validator: api.Validator) -> Draft7Validator:
    schemas = {
        uri: DRAFT7.create_resource(dict(schema))
        for uri, schema in validator.registry.items()
    }
    formats = FormatChecker(())
    for name, fits in validator.formats.items():
        formats.checks(name, raises=(TypeError, ValueError))(_for_text(fits))
    return Draft7Validator(
        dict(validator.schema),
        registry=EMPTY_REGISTRY.with_resources(schemas.items()),
        format_checker=formats,
    )


def _for_text(fits: Callable[[str], bool]) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, str) or fits(value)


def _mistakes(
    checker: Draft7Validator, document: dict[str, Any]
) -> Iterator[tuple[list[str], str]]:
    """The keys and the problem of each value that does not fit."""
    errors_found = cast(
        "Iterator[ValidationError]",
        checker.iter_errors(document),  # pyright: ignore[reportUnknownMemberType]
    )
    for error in errors_found:
        nearest = _nearest(error)
        path = nearest.absolute_path
        keys = [f"[{key}]" if isinstance(key, int) else key for key in path]
        yield keys, _problem(nearest)


def _nearest(error: ValidationError) -> ValidationError:
    """The error within one of several types that explains most: the innermost."""
    inner = [_nearest(each) for each in error.context]
    deepest = max(inner, key=lambda each: len(each.absolute_path), default=error)
    return deepest if len(deepest.absolute_path) > len(error.absolute_path) else error


def _problem(error: ValidationError) -> str:
    rule, wanted = str(error.validator), cast("Any", error.validator_value)
    value: Any = error.instance
    if rule == "required":
        return f"it lacks {', '.join(name for name in wanted if name not in value)}"
    if rule == "additionalProperties" and wanted is False:
        schema = cast("dict[str, dict[str, object]]", error.schema)
        return f"unknown {', '.join(map(repr, _unknown(schema, value)))}"
    expected = _ALLOWED
    if rule == "type":
        expected = " or ".join([wanted] if isinstance(wanted, str) else wanted)
    elif rule == "format":
        expected = str(wanted)
    elif rule == "enum" and len(wanted) <= _MOST_NAMES:
        expected = " or ".join(map(repr, wanted))
    return f"expected {expected}, got {repr(value)[:200]}"


def _unknown(
    schema: dict[str, dict[str, object]], table: dict[str, object]
) -> list[str]:
    patterns = list(schema.get("patternProperties", {}))
    names = [name for name in table if name not in schema.get("properties", {})]
    return [n for n in names if not any(re.search(each, n) for each in patterns)]


def _broken_rules(
    validator: api.Validator, document: dict[str, Any]
) -> Iterator[tuple[list[str], str]]:
    """The first rule about several keys that the file breaks."""
    rules = cast("Sequence[_Rule]", validator.extra_validations)  # pyright: ignore[reportUnknownMemberType]
    try:
        with error_reporting.detailed_errors():
            for rule in rules:
                rule(document)
    except errors.ValidationError as error:
        summary = str(error.summary)
        keys = [part.strip("`'\"") for part in str(error.name).split(".")]
        yield keys, summary[:1].lower() + summary[1:]


main()
