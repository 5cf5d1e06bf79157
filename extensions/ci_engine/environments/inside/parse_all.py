"""Parse the Python files in directories, and print those that do not parse.

Usage: ``python parse_all.py DIRECTORY...``; prints one line of JSON. Runs with the
Python that a tool uses, because the supported syntax depends on the version.
"""

from __future__ import annotations

import ast
import json
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path


def unreadable(directory: Path) -> Iterator[dict[str, str | int]]:
    """The files that do not parse, each with the line and the reason."""
    for file in sorted(directory.rglob("*.py*")):
        try:
            ast.parse(file.read_bytes())
        except SyntaxError as error:
            line, message = error.lineno or 0, error.msg
        except (ValueError, RecursionError, MemoryError) as error:
            line, message = 0, type(error).__name__
        else:
            continue
        yield {"path": str(file), "line": line, "message": message}


def main() -> None:
    """Print the unreadable files of each directory."""
    warnings.simplefilter("ignore")
    found = [each for name in sys.argv[1:] for each in unreadable(Path(name))]
    sys.stdout.write(json.dumps(found) + "\n")


main()
