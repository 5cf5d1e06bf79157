"""Nothing that a validation starts goes on after it, even if the validation is killed.

Programs are marked by a variable, which all that they start inherits, in whatever
session it is. Another process waits for the end of this one, and ends what is marked.
"""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import ci_engine
from ci_engine.processes.leftovers import MARK_VARIABLE, inner_mark

# A pipe is at its end when its only writer is gone, for whatever reason.
_WAITS = """\
import sys
sys.path.insert(0, sys.argv[1])
from ci_engine.processes.leftovers import end_leftovers
sys.stdin.read()
end_leftovers(sys.argv[2])
"""


def new_mark() -> dict[str, str]:
    """The variable of a new mark, inside of that of this process."""
    return {MARK_VARIABLE: inner_mark(uuid.uuid4().hex, os.environ)}


@contextmanager
def everything_ends() -> Generator[None]:
    """Mark what this process starts, and end what is left of it afterwards."""
    before = os.environ.get(MARK_VARIABLE)
    marked = new_mark()
    location = str(Path(ci_engine.__file__).parents[1])
    words = [sys.executable, "-I", "-S", "-c", _WAITS, location, marked[MARK_VARIABLE]]
    waiting = subprocess.Popen(words, stdin=subprocess.PIPE, start_new_session=True)
    os.environ.update(marked)
    try:
        yield
    finally:
        if before is None:
            del os.environ[MARK_VARIABLE]
        else:
            os.environ[MARK_VARIABLE] = before
        waiting.communicate()
