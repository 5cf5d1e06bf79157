"""Is a bill of materials what the schema of CycloneDX says?

The library knows the formats of texts but for addresses with letters of any language,
`iri-reference`: what checks those, rfc3987-syntax, builds 38 grammars when jsonschema
is imported, which takes two seconds in each of the many processes that do.
"""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import quote

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from jsonschema import Draft7Validator
from rfc3986_validator import (  # pyright: ignore[reportMissingTypeStubs]
    validate_rfc3986,  # pyright: ignore[reportUnknownVariableType] - it has no types
)

_ASCII = "".join(map(chr, range(128)))


def is_address(text: object) -> bool:
    """Whether a text is a URI reference once its other letters are encoded.

    https://www.rfc-editor.org/rfc/rfc3987#section-3.1
    """
    validate = cast("Any", validate_rfc3986)
    return not isinstance(text, str) or bool(
        validate(quote(text, safe=_ASCII), rule="URI_reference")
    )


Draft7Validator.FORMAT_CHECKER.checks("iri-reference")(is_address)


def assert_fits_schema(bill: str) -> None:
    """Fail with the first problem of a bill, one JSON text."""
    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill)
    assert problem is None, problem
