"""Import modules one after the other. Runs in the project's interpreter: stdlib only.

Usage: ``python import_all.py FILE``; the file contains JSON: the directories to import
from, and the modules. The last line printed is JSON: each failed import with the error,
its message and the last project line in its traceback.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from pathlib import Path


def failure_of(module: str, error: BaseException, tops: list[str]) -> dict[str, object]:
    """The error, and its location in the project's code."""
    location, line = "", 0
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename.startswith(tuple(tops)):
            location, line = frame.filename, frame.lineno or 0
    if isinstance(error, SyntaxError) and error.filename:
        location, line = error.filename, error.lineno or 0
    return {
        "module": module,
        "error": type(error).__name__,
        "message": str(error),
        "path": location,
        "line": line,
    }


def import_one(module: str, tops: list[str]) -> dict[str, object] | None:
    """Import a module; any exception is a failure, even SystemExit."""
    try:
        importlib.import_module(module)
    except BaseException as error:
        return failure_of(module, error, tops)
    return None


def main() -> None:
    """Import all modules and print the failures."""
    given = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    tops: list[str] = given["roots"]
    sys.path[:0] = tops
    failures = [fail for name in given["modules"] if (fail := import_one(name, tops))]
    sys.stdout.write(f"\n{json.dumps(failures)}\n")
    sys.stdout.flush()
    # Threads and the like that an import started must not keep the process alive.
    os._exit(0)


main()
