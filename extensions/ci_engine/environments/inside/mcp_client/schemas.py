"""Check whether the schemas of tools are valid."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any, cast

# Loosely typed, like the values that JSON Schema describes.
_JSONSCHEMA: Any = import_module("jsonschema")
_SchemaError: type[Exception] = _JSONSCHEMA.SchemaError
_REFERENCING: Any = import_module("referencing")
_DIALECT: Any = import_module("referencing.jsonschema").DRAFT202012
_UNRESOLVABLE: Any = import_module("referencing.exceptions").Unresolvable
_MOST_DEPTH = 200


def schema_problems(schema: object) -> list[str]:
    """The mistakes in a JSON Schema."""
    if not isinstance(schema, dict):
        return [f"expected a JSON object, got {type(schema).__name__}"]
    given = cast("dict[str, object]", schema)
    newest = _JSONSCHEMA.Draft202012Validator
    kind = _JSONSCHEMA.validators.validator_for(given, default=newest)
    try:
        kind.check_schema(given)
    except _SchemaError as error:
        problem = cast("Any", error)
        location = "/".join(map(str, problem.absolute_path))
        return [f"{'at ' + location + ': ' if location else ''}{problem.message}"]
    except RecursionError:
        return ["it is nested too deeply"]
    return list(_bad_references(given))


def _bad_references(schema: dict[str, object]) -> Iterator[str]:
    resource = _DIALECT.create_resource(schema)
    # An empty registry, so that no references are fetched.
    resolver = _REFERENCING.Registry().with_resource("", resource).resolver()
    for reference in dict.fromkeys(_references(schema, 0)):
        if not reference.startswith("#"):
            yield f"$ref {reference!r} points outside the schema: no client follows it"
            continue
        try:
            resolver.lookup(reference)
        except _UNRESOLVABLE:
            yield f"$ref {reference!r} points to nothing in the schema"


def _references(value: object, depth: int) -> Iterator[str]:
    if depth > _MOST_DEPTH:
        return
    if isinstance(value, dict):
        table = cast("dict[str, object]", value)
        reference = table.get("$ref")
        if isinstance(reference, str):
            yield reference
        for each in table.values():
            yield from _references(each, depth + 1)
    elif isinstance(value, list):
        for each in cast("list[object]", value):
            yield from _references(each, depth + 1)
