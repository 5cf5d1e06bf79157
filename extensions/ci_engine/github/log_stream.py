"""Output streams of a command in which data never becomes a workflow command.

GitHub reads commands from both streams of a step. The output contains data of others:
names, messages and output of tools. So our streams let no line start with a command;
intended commands are printed in another way.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import TextIO

from ci_engine.escaping import no_command, visible

# Sequences of our consoles: colors, and the progress line.
_OURS = re.compile(
    "(\r\n|\n|\t|\r\x1b\\[K|\x1b\\[(?:(?:[0-79]|[349][0-7]|[34]8;5;[0-9]+)(?:;|(?=m)))*m)"
)
_COLOR = re.compile("\x1b\\[[0-9;]*m")
_ENDS = ("\n", "\r\n", "\r\x1b[K")


class LogStream(io.TextIOBase):
    """A text stream that escapes workflow commands and control sequences."""

    def __init__(self, stream: TextIO) -> None:
        """Create a stream that writes to another one."""
        self.stream = stream
        self._line = ""

    def write(self, text: str, /) -> int:
        """Write text, escaping what a log or a terminal would execute."""
        shown = "".join(map(self._part, filter(None, _OURS.split(text))))
        self.stream.write(shown)
        return len(text)

    def _part(self, part: str) -> str:
        if _OURS.fullmatch(part):
            if part in _ENDS:
                self._line = ""
            elif part == "\t":
                self._line += part
            return part
        shown = visible(part)
        # A command may be written in parts.
        before, self._line = self._line, _COLOR.sub("", self._line + shown)
        safe = no_command(self._line)
        if safe == self._line:
            return shown
        if safe.startswith(before):
            self._line = safe
            return safe[len(before) :]
        self._line = f"{before}\\{shown}"
        return f"\\{no_command(shown)}"

    def writelines(self, lines: Iterable[str], /) -> None:  # type: ignore[override]
        """Write several texts."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Flush the stream below."""
        self.stream.flush()

    def fileno(self) -> int:
        """The file of the stream below."""
        return self.stream.fileno()

    def isatty(self) -> bool:
        """Whether the stream below is a terminal."""
        return self.stream.isatty()

    def writable(self) -> bool:
        """Whether it can be written to."""
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding of the stream below."""
        return self.stream.encoding


def command_stream() -> TextIO:
    """The stream for intended workflow commands."""
    stream = sys.stderr
    return stream.stream if isinstance(stream, LogStream) else stream


@contextmanager
def guarded_streams() -> Generator[None]:
    """Guard standard output and standard error while a command runs."""
    before = sys.stdout, sys.stderr
    for stream in before:
        if isinstance(stream, io.TextIOWrapper):
            # Show characters that cannot be encoded as well.
            stream.reconfigure(errors="backslashreplace")
    sys.stdout, sys.stderr = map(_guard, before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def _guard(stream: TextIO) -> TextIO:
    # No class of the standard library has both types.
    return stream if isinstance(stream, LogStream) else LogStream(stream)  # type: ignore[return-value]
