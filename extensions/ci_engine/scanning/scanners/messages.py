"""Secrets in the messages of commits and tags, with kingfisher."""

from __future__ import annotations

import shutil
import tempfile
from bisect import bisect_right
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from ci_engine.checks.workspace import Tool
from ci_engine.errors import ToolError
from ci_engine.findings.results import Finding
from ci_engine.project.git import Git
from ci_engine.project.output_files import prepare_directory, write_text
from ci_engine.scanning.scanner import Scan
from ci_engine.scanning.scanners.kingfisher import Match, finding_of, search

_FILE = "messages.txt"
_COMMITS = "--format=%x00commit %h%n%B"
_TAGS = "--format=%(objecttype)%00tag %(refname:short)%0a%(contents)%01"


@dataclass(frozen=True)
class _Messages:
    """All messages in one text.

    Attributes:
        starts: the first line of each message, from 1 on.
        names: the commit or tag of each message.
    """

    text: str
    starts: list[int]
    names: list[str]

    def name(self, line: int) -> str:
        """The commit or tag whose message contains a line."""
        return self.names[max(0, bisect_right(self.starts, line) - 1)]


def search_messages(
    scan: Scan, tool: Tool, git: Git, base: str | None
) -> tuple[list[Finding], list[Finding]]:
    """Search the messages of commits and tags; if there is a base, those since then.

    Returns:
        The reported matches, and those that comments hide.

    Raises:
        ToolError: if git does not list the messages.
    """
    messages = _read(git, base)
    if not messages.names:
        return [], []
    with _written(scan, messages.text) as directory:
        arguments = [_FILE, "--git-history", "none"]
        matches = search(scan, tool, arguments, directory)
    return (
        [_finding(scan, messages, match) for match in matches.shown],
        [_finding(scan, messages, match) for match in matches.hidden],
    )


def _finding(scan: Scan, messages: _Messages, match: Match) -> Finding:
    """A finding without a file, which a message does not have."""
    name = messages.name(match.finding.line)
    found = finding_of(scan, match)
    text = f"{found.message} (in the message of {name})"
    return replace(found, message=text, path="", line=0, column=0)


def _read(git: Git, base: str | None) -> _Messages:
    since = ["--all"] if base is None else [f"{base}..HEAD"]
    tagged = [] if base is None else ["--merged=HEAD", f"--no-merged={base}"]
    commits = git.run("log", _COMMITS, *since)
    tags = git.run("for-each-ref", _TAGS, *tagged, "refs/tags")
    for outcome in (commits, tags):
        if outcome.code != 0:
            why = outcome.tail(1) or outcome.describe_exit()
            raise ToolError(f"git cannot list the messages of the history: {why}")
    # A tag without its own message has that of its commit.
    notes = [row.lstrip("\n") for row in tags.stdout.split("\x01")]
    own = [note.removeprefix("tag\x00") for note in notes if note.startswith("tag\x00")]
    rows: list[str] = []
    starts: list[int] = []
    names: list[str] = []
    for message in [*commits.stdout.split("\x00"), *own]:
        name, _, text = message.partition("\n")
        if not name:
            continue
        starts.append(len(rows) + 1)
        names.append(name)
        # kingfisher only counts \n, while Python knows more line ends.
        rows += [*text.replace("\r", " ").split("\n"), ""]
    return _Messages("\n".join(rows), starts, names)


@contextmanager
def _written(scan: Scan, text: str) -> Generator[Path]:
    """A directory with a file of all messages, which is removed at the end."""
    location = scan.project.output / "scan-messages"
    prepare_directory(location, scan.project.output)
    directory = Path(tempfile.mkdtemp(dir=location))
    try:
        write_text(directory / _FILE, text)
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
