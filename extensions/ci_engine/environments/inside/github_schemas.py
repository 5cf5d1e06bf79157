"""Check GitHub files against the schemas of check-jsonschema.

Runs in the environment of the locked validators, once for all schemas, because
importing check-jsonschema takes longer than its checks.

Usage: ``python github_schemas.py SCHEMA=FILE...``; prints a JSON list of reports.
"""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stdout
from itertools import groupby

from check_jsonschema import (  # type: ignore[import-untyped]
    main,  # pyright: ignore[reportMissingTypeStubs]
)

_MISTAKES = 1  # the exit code


def run() -> None:
    """Check all files, grouped by schema, and print the reports."""
    pairs = [argument.split("=", 1) for argument in sys.argv[1:]]
    reports = [
        _report(schema, [name for _, name in group])
        for schema, group in groupby(pairs, key=lambda pair: pair[0])
    ]
    sys.stdout.write(f"[{','.join(reports)}]\n")


def _report(schema: str, names: list[str]) -> str:
    options = ["--builtin-schema", schema, "--output-format", "JSON"]
    output = io.StringIO()
    try:
        with redirect_stdout(output):
            main([*options, *names])
    except SystemExit as end:
        if end.code not in (None, 0, _MISTAKES):
            raise
    return output.getvalue()


run()
