"""Find the line of a key in a TOML or YAML file, for messages."""

from __future__ import annotations

import re

_HEADER = re.compile(r"^\s*\[\[?\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_ITEM = re.compile(r"^(\s*)-(\s)")
_ASSIGNMENT = re.compile(r"""^\s*((?:[\w.-]|"[^"]*"|'[^']*'|\s*\.\s*)+?)\s*[=:]""")


def find_line(text: str, keys: tuple[str, ...]) -> int:
    """Find the line of a key, or of the nearest table around it; 0 if unknown.

    Follows table headers and, for YAML, indentation. It is used only in
    messages, so a line that cannot be found is not an error.
    """
    wanted = [key for key in keys if not key.startswith("[")]
    header: list[str] = []
    parents: list[tuple[int, str]] = []
    best = (0, 0)
    for number, line in enumerate(text.splitlines(), 1):
        found = _HEADER.match(line)
        if found:
            header, parents = _split(found.group(1)), []
            here = header
        else:
            # The keys of a list item align with the first one, after the dash.
            line = _ITEM.sub(r"\1 \2", line)  # noqa: PLW2901 - it stays this line
            assigned = _ASSIGNMENT.match(line)
            if not assigned:
                continue
            indent = len(line) - len(line.lstrip())
            parents = [parent for parent in parents if parent[0] < indent]
            parents.append((indent, assigned.group(1)))
            nested = [key for _, name in parents for key in _split(name)]
            here = header + (nested if ":" in line else _split(parents[-1][1]))
        if here == wanted:
            return number
        if wanted[: len(here)] == here and len(here) > best[0]:
            best = (len(here), number)
    return best[1]


def _split(dotted: str) -> list[str]:
    return [part.strip(" \t\"'") for part in dotted.split(".")]
