"""Find references to a workflow: in workflows, badges, documents, merge bots."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from urllib.parse import quote

from ci_framework.inventory import Evidence
from ci_framework.repository import Repository

_MOST = 40


def references(
    repository: Repository, names: Mapping[str, str]
) -> dict[str, list[Evidence]]:
    """The references to workflows by path, except in their own files."""
    needles = {path: _needles(path, name) for path, name in names.items()}
    lines = _search(repository, [word for words in needles.values() for word in words])
    found: dict[str, list[Evidence]] = {path: [] for path in names}
    for location, line, text in lines:
        for path, words in needles.items():
            if location != path and any(_holds(text, word) for word in words):
                found[path].append(Evidence(path=location, line=line))
    return {path: rows[:_MOST] for path, rows in found.items()}


def _needles(path: str, name: str) -> list[str]:
    file = path.rsplit("/", 1)[-1]
    # Old badges have the name in their address.
    badge = [f"workflows/{quote(name)}/badge.svg"] if name else []
    return [f"workflows/{file}", f"workflow run {file}", *badge]


def _holds(text: str, word: str) -> bool:
    """Whether a text contains a word that no suffix follows."""
    suffix = r"[-._]?[^\W_]"
    return re.search(rf"{re.escape(word)}(?!{suffix})", text) is not None


def _search(repository: Repository, words: list[str]) -> list[tuple[str, int, str]]:
    """Every line of a tracked text file with one of the words."""
    if not words:
        return []
    patterns = [part for word in words for part in ("-e", word)]
    done = repository.try_git("grep", "-n", "-I", "-z", "-F", *patterns)
    found: list[tuple[str, int, str]] = []
    for row in done.stdout.split(b"\n"):
        parts = row.split(b"\0", 2)
        if len(parts) == 3 and parts[1].isdigit():  # noqa: PLR2004 - path, line, text
            text = parts[2].decode("utf-8", "replace")
            found.append((os.fsdecode(parts[0]), int(parts[1]), text))
    return found
