"""Find the workflow commands in a log, as GitHub's runner does."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

# What may be in the log of a run: colors, and the line of what is being done.
_STATUS = "\r\x1b[K"
_COLOR = re.compile("\x1b\\[[0-9;]*m")


def commands_in(log: str) -> list[str]:
    """The lines that the runner obeys, by the rules of both forms.

    https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
    """
    plain = _COLOR.sub("", log.replace(_STATUS, "\n"))
    return [
        line
        for line in re.split(r"\r\n|\r|\n", plain)
        # .NET trims all white space of Unicode.
        if re.match(r"\s*::[^:]*::", line) or re.search(r"##(vso|teamcity)?\[", line)
    ]


def hidden_in(log: str) -> list[str]:
    """Characters that a terminal obeys, or that hide or reorder text."""
    plain = _COLOR.sub("", log.replace(_STATUS, "")).replace("\r\n", "\n")
    return [
        char
        for char in plain
        if char not in "\n\t\u2060" and unicodedata.category(char) in ("Cc", "Cf", "Cs")
    ]


def read_outputs(file: Path) -> dict[str, str]:
    """Read the file of outputs as the runner does."""
    found: dict[str, str] = {}
    lines = iter(file.read_bytes().decode().split("\n"))
    for line in lines:
        name, sign, value = line.partition("=")
        key, here, end = line.partition("<<")
        if here and len(key) < len(name):
            body: list[str] = []
            for inner in lines:
                if inner == end:
                    break
                body.append(inner)
            found[key] = "\n".join(body)
        elif sign:
            found[name] = value
    return found
