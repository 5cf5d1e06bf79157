"""Find the line in the output of an installer that says why it failed."""

from __future__ import annotations

import re

from ci_engine.processes.programs import Outcome

# uv and pip begin the message with one of these.
_ERROR = re.compile(r"(?:error|\u00d7)[: ] *", re.IGNORECASE)
_CAUSE = re.compile(r"^ *(?:cause:|[├╰]─▶) *(.*)", re.MULTILINE)
# The last line of a traceback, such as that of a project's build script.
_EXCEPTION = re.compile(r"(?:\w+\.)*\w*(?:Error|Exception|Exit): \S")
_FRAME = " │├╰─▶>|"
# pip explains this on the next line.
_EMPTY = ("subprocess-exited-with-error",)
_LONGEST = 300


def first_error(outcome: Outcome) -> str:
    """The first message of a failed installer, on one line; empty if it wrote none."""
    text = outcome.stderr.strip() or outcome.stdout.strip()
    rows = [row.strip(_FRAME) for row in text.splitlines()]
    rows = [row for row in rows if row]
    marked = [row for row in rows if _ERROR.match(row)]
    messages = [_ERROR.sub("", row, count=1) for row in marked]
    message = next((each for each in messages if each not in _EMPTY), "")
    if not message:
        return _cut(rows[-1] if rows else "")
    raised = [row for row in rows if _EXCEPTION.match(row)]
    reason = next(iter([*raised[-1:], *_CAUSE.findall(text)]), "")
    if not reason or reason in message:
        return _cut(message)
    return _cut(f"{message.rstrip(':.')}: {reason}")


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
