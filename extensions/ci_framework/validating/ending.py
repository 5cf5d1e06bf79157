"""End everything that a validation starts, even if the validation is killed.

A variable marks programs and all of their children, in whatever session. Another
process waits for the end of this one, and ends the marked processes.
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

# A pipe ends when its only writer is gone, for whatever reason.
_WAITS = """\
import sys
sys.path.insert(0, sys.argv[1])
from ci_engine.processes.leftovers import end_leftovers
sys.stdin.read()
end_leftovers(sys.argv[2])
"""


def new_mark() -> dict[str, str]:
    """The variable of a new mark, nested in that of this process."""
    return {MARK_VARIABLE: inner_mark(uuid.uuid4().hex, os.environ)}


@contextmanager
def everything_ends() -> Generator[None]:
    """Mark the programs that this process starts, and end the remaining ones."""
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
